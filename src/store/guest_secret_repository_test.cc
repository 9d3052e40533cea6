#include "store/guest_secret_repository.h"

#include <string>

#include <gtest/gtest.h>

#include "testing/test_store.h"

namespace wasm_server {
namespace {

GuestSecret secret(std::string name) {
  return {std::move(name), 7, std::string("sealed\0\xff", 8), 1'000, 2'000};
}

class GuestSecretRepositoryTest : public testing::Test {
 protected:
  template <class What>
  void change(What what) {
    const auto batch = store_->begin().value();
    GuestSecretBatch in_batch{*batch};
    what(in_batch);
    ASSERT_TRUE(store_->commit(*batch));
  }
  // As a disk would leave it, or another program.
  void put_record(std::string_view name, std::string_view record) {
    const auto batch = store_->begin().value();
    ASSERT_TRUE(batch->put(Table::kSecrets, name, record));
    ASSERT_TRUE(store_->commit(*batch));
  }

  TestStore store_;
  const GuestSecretRepository secrets_{*store_};
};

TEST_F(GuestSecretRepositoryTest, HasWhatWasCommitted) {
  EXPECT_EQ(secrets_.find("a").value(), std::nullopt);
  change([](GuestSecretBatch& batch) {
    ASSERT_TRUE(batch.put(secret("b")));
    ASSERT_TRUE(batch.put(secret("a")));
    EXPECT_EQ(batch.find("a").value(), secret("a"));
  });
  EXPECT_EQ(secrets_.find("a").value(), secret("a"));
  EXPECT_EQ(secrets_.list().value(), (std::vector{secret("a"), secret("b")}));
  change([](GuestSecretBatch& batch) {
    ASSERT_TRUE(batch.erase("a"));
    EXPECT_EQ(batch.find("a").value(), std::nullopt);
  });
  EXPECT_EQ(secrets_.find("a").value(), std::nullopt);
}

TEST_F(GuestSecretRepositoryTest, KeepsAnEmptyText) {
  GuestSecret empty = secret("a");
  empty.sealed.clear();
  change([&empty](GuestSecretBatch& batch) { ASSERT_TRUE(batch.put(empty)); });
  EXPECT_EQ(secrets_.find("a").value(), empty);
}

TEST_F(GuestSecretRepositoryTest, RefusesWhatIsNoRecord) {
  for (const std::string& record :
       {std::string(), std::string("\1"), std::string(24, '\1'), std::string(30, '\2')}) {
    put_record("a", record);
    const auto found = secrets_.find("a");
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, ErrorCode::kInternal);
    EXPECT_NE(found.error().log.find("secret a"), std::string::npos);
    EXPECT_FALSE(secrets_.list());
  }
}

}  // namespace
}  // namespace wasm_server

#include "store/lmdb_transaction.h"

#include <memory>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "store/lmdb_env.h"
#include "store/lmdb_format.h"
#include "store/lmdb_reader.h"
#include "testing/modules.h"
#include "testing/temporary_directory.h"

namespace wasm_server {
namespace {

constexpr std::uint64_t kMiB = 1ULL << 20;

// A map that is full though the quota is not: a reader holds back the pages that are freed. Then
// LMDB fails in the middle of a transaction and gives it up.
class FullMap : public testing::Test {
 protected:
  FullMap() : env_(LmdbEnv::open(directory_.path(), {.max_bytes = 4 * kMiB}).value()) {
    EXPECT_TRUE(prepare_format(*env_).has_value());
    reading_.emplace(env_->read().value());
    while (fill()) ++rounds_;
  }

  Result<void> fill() {
    auto transaction = begin();
    auto done = put(*transaction, "filler", large_);
    if (done) done = transaction->commit();
    if (!done) return done;
    transaction = begin();
    const auto erased = transaction->erase("filler");
    if (!erased) return std::unexpected{erased.error()};
    return transaction->commit();
  }

  std::unique_ptr<Store::Transaction> begin() {
    return LmdbTransaction::begin(*env_, state_).value();
  }

  static Result<void> put(Store::Transaction& transaction, std::string_view id,
                          const std::string& code) {
    return transaction.put(make_meta_data(id, code), std::make_shared<const Bytes>(code));
  }

  bool has(std::string_view id) {
    const auto reading = env_->read().value();
    return LmdbReader{*env_, reading.txn()}.find(id).value().has_value();
  }

  const std::string large_ = std::string(kMiB, 'x');
  TemporaryDirectory directory_;
  std::unique_ptr<LmdbEnv> env_;
  LmdbStore::State state_;
  std::optional<LmdbEnv::Reading> reading_;
  int rounds_ = 0;
};

TEST_F(FullMap, FailsOnlyTheOperationsThatDoNotFit) {
  EXPECT_GT(rounds_, 10);
  auto transaction = begin();
  ASSERT_TRUE(put(*transaction, "a", "a").has_value());
  ASSERT_TRUE(put(*transaction, "b", "b").has_value());
  for (const char* id : {"large", "another"}) {
    const auto failed = put(*transaction, id, large_);
    ASSERT_FALSE(failed.has_value());
    EXPECT_EQ(failed.error().code, ErrorCode::kStorageFull);
    EXPECT_NE(failed.error().log.find("MDB_MAP_FULL"), std::string::npos) << failed.error().log;
  }
  EXPECT_TRUE(transaction->find("a").value().has_value());
  EXPECT_EQ(transaction->find("large").value(), std::nullopt);
  ASSERT_TRUE(transaction->erase("b").has_value());
  EXPECT_FALSE(transaction->erase("nobody").has_value());
  ASSERT_TRUE(put(*transaction, "c", "a").has_value());
  ASSERT_TRUE(transaction->commit().has_value());
  EXPECT_TRUE(has("a"));
  EXPECT_FALSE(has("b"));
  EXPECT_TRUE(has("c"));
  EXPECT_FALSE(has("large"));
}

TEST_F(FullMap, HasRoomAgainWhenTheReaderIsGone) {
  EXPECT_FALSE(fill().has_value());
  reading_.reset();
  for (int round = 0; round < 20; ++round) ASSERT_TRUE(fill().has_value()) << round;
  EXPECT_FALSE(state_.failed);
}

}  // namespace
}  // namespace wasm_server

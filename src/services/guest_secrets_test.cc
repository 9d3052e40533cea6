#include "services/guest_secrets.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include <boost/asio/co_spawn.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runner/runner.h"
#include "runner/store_job_log.h"
#include "testing/manual_clock.h"
#include "testing/temporary_directory.h"
#include "testing/test_store.h"

namespace wasm_server {
namespace {

using testing::HasSubstr;

class GuestSecretsTest : public testing::Test {
 protected:
  GuestSecretsTest() {
    EXPECT_TRUE(secrets_.open());
    runner_.start();
  }
  ~GuestSecretsTest() override {
    channel_.close();
    runner_.stop();
  }

  template <class T>
  static T await(Task<T> task) {
    asio::io_context loop(1);
    std::optional<T> result;
    asio::co_spawn(loop, std::move(task),
                   [&result](const std::exception_ptr&, T value) { result = std::move(value); });
    loop.run();
    return *std::move(result);
  }
  Result<void> put(const std::string& name, const std::string& value) {
    return await(secrets_.put(name, value));
  }
  static std::string value_in(const GuestSecrets& secrets, const std::string& name) {
    StringMap env;
    const auto added = secrets.add_to(env, {{"KEY", name}});
    return added ? env.at("KEY") : "failed: " + added.error().message;
  }

  const TemporaryDirectory directory_;
  const std::filesystem::path key_file_ = directory_.path() / "secret.key";
  TestStore test_store_;
  GuestSecretRepository repository_{*test_store_};
  ManualClock clock_{Clock::TimePoint{std::chrono::milliseconds{1'000}}};
  JobChannel channel_{JobChannel::Capacity{}};
  StoreJobLog log_{*test_store_};
  Runner runner_{*test_store_, log_, channel_.rx()};
  GuestSecrets secrets_{repository_, channel_, clock_, key_file_, true};
};

TEST_F(GuestSecretsTest, GivesTheValueToAnEnvironmentAndToNobodyElse) {
  ASSERT_TRUE(put("db", "the password"));
  EXPECT_EQ(value_in(secrets_, "db"), "the password");
  const auto all = secrets_.list();
  ASSERT_EQ(all->size(), 1U);
  EXPECT_EQ(all->front().name, "db");
  EXPECT_EQ(all->front().sealed.find("password"), std::string::npos);
  clock_.advance(std::chrono::seconds(5));
  ASSERT_TRUE(put("db", "another"));
  EXPECT_EQ(value_in(secrets_, "db"), "another");
  EXPECT_EQ(secrets_.list()->front().created_at, 1'000);
  EXPECT_EQ(secrets_.list()->front().updated_at, 6'000);
}

TEST_F(GuestSecretsTest, LeavesVariablesThatAreThere) {
  ASSERT_TRUE(put("db", "x"));
  StringMap env{{"KEY", "given"}};
  ASSERT_TRUE(secrets_.add_to(env, {{"KEY", "db"}, {"OTHER", "db"}}));
  EXPECT_EQ(env, (StringMap{{"KEY", "given"}, {"OTHER", "x"}}));
}

TEST_F(GuestSecretsTest, SaysWhatIsNotThere) {
  EXPECT_THAT(value_in(secrets_, "db"), HasSubstr("\"db\""));
  EXPECT_EQ(secrets_.check({{"KEY", "db"}}).error().code, ErrorCode::kBadRequest);
  EXPECT_EQ(await(secrets_.remove("db")).error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(put("db", "x"));
  EXPECT_TRUE(secrets_.check({{"KEY", "db"}}));
  EXPECT_TRUE(await(secrets_.remove("db")));
  EXPECT_EQ(secrets_.check({{"KEY", "db"}}).error().code, ErrorCode::kBadRequest);
}

TEST_F(GuestSecretsTest, TakesWhatAVariableCanHold) {
  for (const std::string& wrong : {std::string(), std::string("a\0b", 3), std::string(32'769, 'x')})
    EXPECT_EQ(put("db", wrong).error().code, ErrorCode::kBadRequest);
  EXPECT_TRUE(put("db", std::string(32'768, '\xff')));
  EXPECT_FALSE(std::filesystem::exists(key_file_.string() + ".part"));
}

TEST_F(GuestSecretsTest, MakesAKeyThatOnlyItsOwnerReads) {
  EXPECT_FALSE(std::filesystem::exists(key_file_));
  ASSERT_TRUE(put("db", "x"));
  struct stat status{};
  ASSERT_EQ(stat(key_file_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  GuestSecrets again{repository_, channel_, clock_, key_file_, true};
  ASSERT_TRUE(again.open());
  EXPECT_EQ(value_in(again, "db"), "x");
}

TEST_F(GuestSecretsTest, OpensNothingWithAnotherKey) {
  ASSERT_TRUE(put("db", "x"));
  std::filesystem::remove(key_file_);
  GuestSecrets without{repository_, channel_, clock_, key_file_, true};
  ASSERT_TRUE(without.open());
  EXPECT_THAT(value_in(without, "db"), HasSubstr("cannot be opened"));
  ASSERT_TRUE(SecretKey::make(key_file_));
  GuestSecrets other{repository_, channel_, clock_, key_file_, true};
  ASSERT_TRUE(other.open());
  EXPECT_THAT(value_in(other, "db"), HasSubstr("cannot be opened"));
}

TEST_F(GuestSecretsTest, RefusesAKeyThatIsNone) {
  GuestSecrets own{repository_, channel_, clock_, key_file_, false};
  EXPECT_THAT(own.open().error().message, HasSubstr("there is no key"));
  for (const std::string& text :
       {std::string(64, 'g'), std::string(63, '0'), std::string(66, '0')}) {
    std::ofstream(key_file_, std::ios::trunc) << text;
    std::filesystem::permissions(key_file_, std::filesystem::perms{0600});
    EXPECT_THAT(own.open().error().message, HasSubstr("64 hexadecimal digits")) << text;
  }
  std::ofstream(key_file_, std::ios::trunc) << std::string(64, '0') << '\n';
  EXPECT_TRUE(own.open());
  std::filesystem::permissions(key_file_, std::filesystem::perms{0640});
  EXPECT_THAT(own.open().error().message, HasSubstr("others may read it"));
}

}  // namespace
}  // namespace wasm_server

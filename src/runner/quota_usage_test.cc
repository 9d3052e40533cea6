#include "runner/quota_usage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/modules.h"
#include "testing/test_store.h"

namespace wasm_server {
namespace {

using testing::HasSubstr;

class QuotaUsageTest : public testing::Test {
 protected:
  bool allows(const std::string& id, const StoredAmount& change, const PrefixQuota& quota) {
    usage_.prepare(quota);
    const auto added = usage_.add(id, change, quota);
    if (added) return true;
    EXPECT_EQ(added.error().code, ErrorCode::kStorageFull);
    why_ = added.error().message;
    return false;
  }

  TestStore store_;
  QuotaUsage usage_{*store_};
  std::string why_;
};

TEST_F(QuotaUsageTest, CountsWhatWasThereBefore) {
  for (const char* id : {"team.a", "team.b", "other"})
    ASSERT_TRUE(put_module(*store_, id, "code").has_value());
  const PrefixQuota three{"team.", {.max_modules = 3}};
  usage_.prepare({"", {}});
  EXPECT_TRUE(allows("team.c", {1, 100}, three));
  EXPECT_FALSE(allows("team.d", {1, 100}, three));
  EXPECT_THAT(why_, HasSubstr("allows 3 modules under \"team.\""));
  EXPECT_FALSE(allows("x", {1, 100}, {"", {.max_modules = 4}}));
}

TEST_F(QuotaUsageTest, CountsWhatIsStoredWithoutAQuotaToo) {
  const PrefixQuota two{"team.", {.max_modules = 2}};
  EXPECT_TRUE(allows("team.a", {1, 100}, two));
  EXPECT_TRUE(usage_.add("team.b", {1, 100}, {}).has_value());
  EXPECT_FALSE(allows("team.c", {1, 100}, two));
  EXPECT_TRUE(usage_.add("teams", {1, 100}, {}).has_value());
}

TEST_F(QuotaUsageTest, ForgetsWhatWasNotCommitted) {
  const PrefixQuota one{"", {.max_modules = 1}};
  EXPECT_TRUE(allows("a", {1, 100}, one));
  EXPECT_FALSE(allows("b", {1, 100}, one));
  usage_.discard();
  EXPECT_TRUE(allows("b", {1, 100}, one));
  usage_.committed();
  usage_.discard();
  EXPECT_FALSE(allows("c", {1, 100}, one));
}

TEST_F(QuotaUsageTest, WhatTakesNoMoreIsAllowedBeyondIt) {
  const PrefixQuota small{"", {.max_bytes = 50}};
  usage_.prepare(small);
  ASSERT_TRUE(usage_.add("a", {1, 100}, {}).has_value());
  EXPECT_FALSE(allows("a", {0, 1}, small));
  EXPECT_TRUE(allows("a", {0, -10}, small));
  EXPECT_TRUE(allows("a", {-1, -90}, small));
  EXPECT_TRUE(allows("b", {1, 50}, small));
}

}  // namespace
}  // namespace wasm_server

#include "model/limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wasm_server {
namespace {

using testing::HasSubstr;

ModuleLimits asking(std::optional<std::uint64_t> ModuleLimits::* limit, std::uint64_t value) {
  ModuleLimits asked;
  asked.*limit = value;
  return asked;
}

TEST(Limits, GivesTheDefaultsToAModuleThatAsksForNothing) {
  const LimitValues values = effective_limits({}, {});
  EXPECT_EQ(values.timeout_ms, 10'000U);
  EXPECT_EQ(values.memory_bytes, 268'435'456U);
  EXPECT_EQ(values.output_bytes, 8'388'608U);
  EXPECT_EQ(values.max_concurrency, 0U);
  EXPECT_EQ(values.max_queue, 0U);
}

TEST(Limits, GivesWhatWasAskedUpToTheMaximum) {
  LimitsConfig config;
  config.maxima.timeout_ms = 500;
  EXPECT_EQ(effective_limits(asking(&ModuleLimits::timeout_ms, 400), config).timeout_ms, 400U);
  EXPECT_EQ(effective_limits(asking(&ModuleLimits::timeout_ms, 600), config).timeout_ms, 500U);
  EXPECT_EQ(effective_limits({}, config).timeout_ms, 500U) << "a default beyond the maximum";
}

TEST(Limits, TakesZeroAsNoCapOnlyWhereTheOperatorSetsNone) {
  LimitsConfig config;
  EXPECT_EQ(effective_limits(asking(&ModuleLimits::max_concurrency, 7), config).max_concurrency,
            7U);
  config.maxima.max_concurrency = 5;
  EXPECT_EQ(effective_limits(asking(&ModuleLimits::max_concurrency, 7), config).max_concurrency,
            5U);
  EXPECT_EQ(effective_limits(asking(&ModuleLimits::max_concurrency, 0), config).max_concurrency,
            5U);
  EXPECT_EQ(effective_limits(asking(&ModuleLimits::max_concurrency, 2), config).max_concurrency,
            2U);
}

TEST(Limits, RefusesMoreThanTheMaximumAndNamesIt) {
  const LimitsConfig config;
  EXPECT_TRUE(check_limits(asking(&ModuleLimits::timeout_ms, 300'000), config));
  const auto refused = check_limits(asking(&ModuleLimits::timeout_ms, 300'001), config);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kBadRequest);
  EXPECT_THAT(refused.error().message, HasSubstr("limits.timeout_ms"));
  EXPECT_THAT(refused.error().message, HasSubstr("300000"));
  EXPECT_FALSE(check_limits(asking(&ModuleLimits::memory_bytes, (4ULL << 30) + 1), config));
  EXPECT_FALSE(check_limits(asking(&ModuleLimits::output_bytes, 1ULL << 40), config));
}

TEST(Limits, RefusesACallWithoutTime) {
  EXPECT_FALSE(check_limits(asking(&ModuleLimits::timeout_ms, 0), {}));
}

TEST(Limits, LetsAModuleCapItselfWhereTheOperatorDoesNot) {
  EXPECT_TRUE(check_limits(asking(&ModuleLimits::max_queue, 1'000'000), {}));
  LimitsConfig config;
  config.maxima.max_queue = 10;
  EXPECT_TRUE(check_limits(asking(&ModuleLimits::max_queue, 10), config));
  EXPECT_FALSE(check_limits(asking(&ModuleLimits::max_queue, 11), config));
}

TEST(Limits, GiveACallTheModulesTimeOrLess) {
  const LimitsConfig config;
  const ModuleLimits longer = asking(&ModuleLimits::timeout_ms, 60'000);
  EXPECT_EQ(effective_timeout(longer, std::nullopt, config), std::chrono::milliseconds{60'000});
  EXPECT_EQ(effective_timeout(longer, 50, config), std::chrono::milliseconds{50});
  EXPECT_EQ(effective_timeout(longer, 70'000, config), std::chrono::milliseconds{60'000});
  EXPECT_EQ(effective_timeout({}, std::nullopt, config), std::chrono::milliseconds{10'000});
}

}  // namespace
}  // namespace wasm_server

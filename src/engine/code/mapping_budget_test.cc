#include "engine/code/mapping_budget.h"

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

std::uint64_t mappings(const MappingBudget& budget) {
  return (std::uint64_t{budget.slots} + budget.baseline) * 5 + budget.codes * 3;
}

TEST(MappingBudget, GivesTheWantedSlotsAndTheRestToCode) {
  const auto usual = MappingBudget::of(65'530, 10'240);
  EXPECT_EQ(usual.slots, 10'240U);
  EXPECT_EQ(usual.baseline, MappingBudget::kBaselineSlots);
  EXPECT_GT(usual.codes, 3'000U);

  const auto raised = MappingBudget::of(1'000'000, 10'240);
  EXPECT_EQ(raised.slots, 10'240U);
  EXPECT_GT(raised.codes, 100'000U);
}

TEST(MappingBudget, StaysWithinWhatIsAllowed) {
  for (const std::uint64_t allowed : {7'000ULL, 10'000ULL, 65'530ULL, 262'144ULL}) {
    for (const std::uint32_t wanted : {8U, 1'000U, 13'000U, 1'000'000U}) {
      const auto budget = MappingBudget::of(allowed, wanted);
      EXPECT_LT(mappings(budget), allowed) << allowed << " " << wanted;
      EXPECT_LE(budget.slots, wanted);
      EXPECT_LE(budget.baseline, budget.slots);
    }
  }
}

TEST(MappingBudget, KeepsRoomForCodeWhenMoreSlotsAreWantedThanFit) {
  const auto budget = MappingBudget::of(65'530, 1'000'000);
  EXPECT_LT(budget.slots, 13'000U);
  EXPECT_GE(budget.codes, 1'000U);
}

TEST(MappingBudget, LeavesTheLeastThatWorksWhereLittleIsAllowed) {
  const auto budget = MappingBudget::of(1'000, 10'240);
  EXPECT_EQ(budget.slots, MappingBudget::kSmallestPool);
  EXPECT_EQ(budget.baseline, MappingBudget::kSmallestPool);
  EXPECT_GT(budget.codes, 0U);
}

TEST(MappingBudget, AsksTheSystem) { EXPECT_GT(MappingBudget::allowed(), 1'000U); }

}  // namespace
}  // namespace wasm_server

#include "metrics/top_modules.h"

#include <string>

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

class TopModulesTest : public testing::Test {
 protected:
  void execute(const std::string& module, std::uint64_t times = 1) {
    totals_.all.outcomes[0] += times;
    totals_.modules[module].outcomes[0] += times;
  }
  // The cells drop it.
  void drop(const std::string& module) { totals_.modules.erase(module); }

  // Series are as large as they were, or larger, and together they are all.
  void look() {
    const auto split = top_.split(totals_);
    std::uint64_t sum = split.others.executions();
    for (const auto& [module, counted] : split.modules) {
      sum += counted.executions();
      EXPECT_GE(counted.executions(), of(module)) << module;
    }
    EXPECT_GE(split.others.executions(), last_.others.executions());
    last_ = split;
    EXPECT_LE(split.modules.size(), TopModules::kMaxModules);
    ended_ = totals_.all.executions() - sum;
  }
  std::uint64_t of(const std::string& module) const {
    const auto found = last_.modules.find(module);
    return found == last_.modules.end() ? 0 : found->second.executions();
  }

  TopModules top_;
  ExecutionCells::Totals totals_;
  TopModules::Split last_;
  std::uint64_t ended_ = 0;  // of series that are no more
};

TEST_F(TopModulesTest, GivesEachItsOwnWhereThereAreFew) {
  execute("a", 5);
  execute("b", 3);
  look();
  EXPECT_EQ(of("a"), 5U);
  EXPECT_EQ(of("b"), 3U);
  EXPECT_EQ(last_.others.executions(), 0U);
  execute("a");
  look();
  EXPECT_EQ(of("a"), 6U);
}

TEST_F(TopModulesTest, PutsTheSeldomOnesTogether) {
  for (int i = 0; i < 150; ++i) execute("m" + std::to_string(i), i < 50 ? 1 : 10);
  look();
  EXPECT_EQ(last_.modules.size(), TopModules::kMaxModules);
  EXPECT_EQ(last_.others.executions(), 50U);
  EXPECT_EQ(of("m149"), 10U);
  EXPECT_EQ(of("m0"), 0U);
}

TEST_F(TopModulesTest, WhatWasToldWithTheOthersStaysThere) {
  for (int i = 0; i < 100; ++i) execute("m" + std::to_string(i), 10);
  execute("late", 7);
  look();
  EXPECT_EQ(last_.others.executions(), 7U);
  drop("m3");
  execute("late", 2);
  look();
  EXPECT_EQ(of("late"), 2U);
  EXPECT_EQ(last_.others.executions(), 7U);
  EXPECT_EQ(ended_, 10U);
}

TEST_F(TopModulesTest, AModuleWhoseCellsBeganAnewHasANewSeries) {
  execute("a", 10);
  look();
  drop("a");
  execute("a", 4);
  last_ = {};
  look();
  EXPECT_EQ(of("a"), 4U);
  EXPECT_EQ(ended_, 10U);
}

}  // namespace
}  // namespace wasm_server

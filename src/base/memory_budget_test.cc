#include "base/memory_budget.h"

#include <atomic>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

TEST(MemoryBudget, GivesWhatThereIsAndNoMore) {
  MemoryBudget budget(100);
  EXPECT_TRUE(budget.take(60));
  EXPECT_FALSE(budget.take(41));
  EXPECT_EQ(budget.used(), 60U);
  EXPECT_TRUE(budget.take(40));
  EXPECT_FALSE(budget.take(1));
  budget.release(100);
  EXPECT_TRUE(budget.take(100));
  EXPECT_FALSE(budget.take(MemoryBudget::kUnlimited));
}

TEST(MemoryBudget, LeavesOthersTheirPart) {
  MemoryBudget budget(100);
  EXPECT_FALSE(budget.take_leaving(81, 20));
  EXPECT_TRUE(budget.take_leaving(80, 20));
  EXPECT_FALSE(budget.take_leaving(1, 20));
  EXPECT_FALSE(budget.take_leaving(1, 1000));
  EXPECT_TRUE(budget.take(20));
}

TEST(MemoryBudget, OfAPartIsTakenFromTheWhole) {
  MemoryBudget whole(100);
  MemoryBudget part(50, &whole);
  EXPECT_FALSE(part.take(51));
  EXPECT_TRUE(part.take(50));
  EXPECT_EQ(whole.used(), 50U);
  part.release(50);
  EXPECT_EQ(whole.used(), 0U);
  EXPECT_TRUE(whole.take(80));
  EXPECT_FALSE(part.take(21));
  EXPECT_EQ(part.used(), 0U);
  EXPECT_TRUE(part.take(20));
}

TEST(MemoryBudget, IsNeverExceededByManyThreads) {
  MemoryBudget budget(64);
  std::atomic<int> held{0};
  std::atomic<int> most{0};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int turn = 0; turn < 20'000; ++turn) {
        if (!budget.take(48)) continue;
        most = std::max(most.load(), ++held);
        --held;
        budget.release(48);
      }
    });
  }
  threads.clear();
  EXPECT_EQ(most, 1);
  EXPECT_EQ(budget.used(), 0U);
}

TEST(MemoryShare, GivesBackWhatItTookWhenItGoes) {
  MemoryBudget budget(100);
  {
    MemoryShare share(&budget);
    EXPECT_TRUE(share.take(30));
    EXPECT_TRUE(share.take(30));
    EXPECT_FALSE(share.take(41));
    EXPECT_FALSE(share.take(30, 11));
    EXPECT_EQ(share.bytes(), 60U);
    MemoryShare moved = std::move(share);
    EXPECT_EQ(moved.bytes(), 60U);
    EXPECT_EQ(budget.used(), 60U);
    moved = MemoryShare();
    EXPECT_EQ(budget.used(), 0U);
    EXPECT_TRUE(moved.take(1'000));  // without a budget nothing is counted
  }
  EXPECT_EQ(budget.used(), 0U);
}

}  // namespace
}  // namespace wasm_server

#include "base/free_space.h"

#include <cstddef>
#include <iterator>
#include <map>
#include <optional>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

TEST(FreeSpace, IsTakenOneBehindTheOther) {
  FreeSpace space{100};
  EXPECT_EQ(space.take(10), 0U);
  EXPECT_EQ(space.take(20), 10U);
  EXPECT_EQ(space.end(), 30U);
}

TEST(FreeSpace, EndsAtTheMost) {
  FreeSpace space{100};
  EXPECT_EQ(space.take(101), std::nullopt);
  EXPECT_EQ(space.take(60), 0U);
  EXPECT_EQ(space.take(41), std::nullopt);
  EXPECT_EQ(space.take(40), 60U);
  EXPECT_EQ(space.take(1), std::nullopt);
}

TEST(FreeSpace, TakesTheSmallestPieceThatIsLargeEnough) {
  FreeSpace space{1000};
  for (const std::uint64_t size : {30U, 1U, 10U, 1U, 20U, 1U}) space.take(size);
  space.release(0, 30);
  space.release(31, 10);
  space.release(42, 20);
  EXPECT_EQ(space.take(15), 42U);
  EXPECT_EQ(space.take(5), 57U);  // what is left of it
  EXPECT_EQ(space.take(10), 31U);
  EXPECT_EQ(space.take(31), 63U);  // no piece has so many
  EXPECT_EQ(space.take(30), 0U);
}

TEST(FreeSpace, NeighboursThatAreGivenBackAreOnePiece) {
  FreeSpace space{1000};
  for (int i = 0; i < 5; ++i) space.take(10);
  space.release(0, 10);
  space.release(20, 10);
  space.release(10, 10);
  EXPECT_EQ(space.take(30), 0U);
}

TEST(FreeSpace, WhatIsGivenBackAtTheEndShortensIt) {
  FreeSpace space{1000};
  for (int i = 0; i < 3; ++i) space.take(10);
  space.release(10, 10);
  EXPECT_EQ(space.end(), 30U);
  space.release(20, 10);
  EXPECT_EQ(space.end(), 10U);
}

TEST(FreeSpace, FindsWhatIsFreeBetweenThatWhichIsUsed) {
  FreeSpace space{1000};
  EXPECT_TRUE(space.use(10, 10));
  EXPECT_TRUE(space.use(20, 10));
  EXPECT_TRUE(space.use(50, 10));
  EXPECT_EQ(space.take(20), 30U);
  EXPECT_EQ(space.take(10), 0U);
  EXPECT_EQ(space.take(10), 60U);
}

TEST(FreeSpace, RefusesUsedPiecesThatOverlap) {
  FreeSpace space{1000};
  EXPECT_TRUE(space.use(10, 10));
  EXPECT_FALSE(space.use(19, 10));
}

TEST(FreeSpace, NeverGivesTheSameBytesTwiceAndLosesNone) {
  constexpr std::uint64_t kMost = 4000;
  FreeSpace space{kMost};
  std::map<std::uint64_t, std::uint64_t> used;
  std::mt19937 dice{7};
  for (int i = 0; i < 20'000; ++i) {
    if (used.empty() || dice() % 2 == 0) {
      const std::uint64_t size = 1 + dice() % 200;
      const auto offset = space.take(size);
      if (!offset) continue;
      ASSERT_LE(*offset + size, kMost);
      const auto next = used.lower_bound(*offset);
      ASSERT_TRUE(next == used.end() || *offset + size <= next->first);
      ASSERT_TRUE(next == used.begin() ||
                  std::prev(next)->first + std::prev(next)->second <= *offset);
      used.emplace(*offset, size);
    } else {
      const auto gone = std::next(used.begin(), static_cast<std::ptrdiff_t>(dice() % used.size()));
      space.release(gone->first, gone->second);
      used.erase(gone);
    }
  }
  for (const auto& [offset, size] : used) space.release(offset, size);
  EXPECT_EQ(space.end(), 0U);
  EXPECT_EQ(space.take(kMost), 0U);
}

}  // namespace
}  // namespace wasm_server

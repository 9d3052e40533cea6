#include "http/body_sink.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

void fill_room(BodySink& sink, std::uint64_t expected, char with) {
  const auto room = sink.room(expected);
  std::ranges::fill(room, with);
  sink.filled(room.size());
}

TEST(BodySink, AClientThatOnlyDeclaresCostsLittle) {
  MemoryBudget budget(1U << 30);
  BodySink sink(budget);
  ASSERT_TRUE(sink.make_room(128U << 20));
  EXPECT_EQ(sink.room(128U << 20).size(), 64U << 10);
  EXPECT_EQ(budget.used(), 64U << 10);
}

TEST(BodySink, IsChargedInAFewStepsUpToWhatIsExpected) {
  MemoryBudget budget(1U << 30);
  BodySink sink(budget);
  constexpr std::uint64_t kSize = 1'000'000;
  std::set<std::uint64_t> charges;
  while (sink.received() < kSize) {
    ASSERT_TRUE(sink.make_room(kSize));
    charges.insert(budget.used());
    fill_room(sink, kSize, static_cast<char>('a' + charges.size() - 1));
  }
  EXPECT_EQ(charges, (std::set<std::uint64_t>{64U << 10, 256U << 10, kSize}));
  const Bytes body = sink.take();
  EXPECT_EQ(body.size(), kSize);
  EXPECT_EQ(body.front(), 'a');
  EXPECT_EQ(body[64U << 10], 'b');
  EXPECT_EQ(body[256U << 10], 'c');
}

TEST(BodySink, ALargeBodyIsNotMovedAnyMore) {
  MemoryBudget budget(1U << 30);
  BodySink sink(budget);
  constexpr std::uint64_t kSize = 20U << 20;
  const char* start = nullptr;
  while (sink.received() < kSize) {
    ASSERT_TRUE(sink.make_room(kSize));
    const auto room = sink.room(kSize);
    EXPECT_LE(budget.used(), std::max<std::uint64_t>(4 * sink.received(), 64U << 10));
    if (sink.received() == 1U << 20) start = room.data() - sink.received();
    if (start != nullptr) {
      ASSERT_EQ(room.data() - sink.received(), start);
    }
    sink.filled(room.size());
  }
  EXPECT_NE(start, nullptr);
  EXPECT_EQ(budget.used(), kSize);
}

// Of up to 4 MB from 256 KB on, so that only the first 64 KB are moved; for 16 times its charge.
TEST(BodySink, ASmallerBodyIsMovedOnlyOnce) {
  constexpr std::uint64_t kSize = 4U << 20;
  MemoryBudget budget(kSize);
  BodySink sink(budget);
  const char* start = nullptr;
  while (sink.received() < kSize) {
    ASSERT_TRUE(sink.make_room(kSize));
    const auto room = sink.room(kSize);
    EXPECT_LE(budget.used(), std::max<std::uint64_t>(4 * sink.received(), 64U << 10));
    if (sink.received() == 64U << 10) start = room.data() - sink.received();
    if (start != nullptr) {
      ASSERT_EQ(room.data() - sink.received(), start);
    }
    fill_room(sink, kSize, static_cast<char>('a' + sink.received() / (64U << 10)));
  }
  const Bytes body = sink.take();
  EXPECT_EQ(body.data(), start);
  for (std::size_t at = 0; at < 3; ++at) EXPECT_EQ(body[at << 16], "abb"[at]) << at;
}

TEST(BodySink, ReadsALittleAtATime) {
  MemoryBudget budget(1U << 30);
  BodySink sink(budget);
  ASSERT_TRUE(sink.append(Bytes(1U << 20, 'x')));
  ASSERT_TRUE(sink.make_room(64U << 20));
  EXPECT_EQ(sink.room(64U << 20).size(), 128U << 10);
}

TEST(BodySink, AppendsAcrossSteps) {
  MemoryBudget budget(1U << 30);
  BodySink sink(budget);
  Bytes expected;
  for (int i = 0; i < 3000; ++i) {
    const Bytes piece(static_cast<std::size_t>(i % 97), static_cast<char>('a' + i % 26));
    ASSERT_TRUE(sink.append(piece));
    expected += piece;
  }
  EXPECT_EQ(sink.take(), expected);
}

TEST(BodySink, RefusesBeyondTheBudgetAndReturnsWhatItTook) {
  MemoryBudget budget(100'000);
  BodySink first(budget);
  ASSERT_TRUE(first.append(Bytes(90'000, 'x')));
  BodySink second(budget);
  EXPECT_FALSE(second.append(Bytes(90'000, 'x')));
  EXPECT_FALSE(second.make_room(1U << 20));
  first.release();
  EXPECT_TRUE(second.make_room(1U << 20));
  second.release();
  EXPECT_EQ(budget.used(), 0U);
}

TEST(BodySink, SmallBodiesAreFree) {
  MemoryBudget budget(0);
  BodySink sink(budget);
  EXPECT_TRUE(sink.append(Bytes(4096, 'x')));
  EXPECT_FALSE(sink.append("y"));
}

TEST(BodySink, TheBodyStaysChargedUntilItsRelease) {
  MemoryBudget budget(1U << 30);
  {
    BodySink sink(budget);
    ASSERT_TRUE(sink.append(Bytes(10'000, 'x')));
    const Bytes body = sink.take();  // NOLINT(bugprone-unused-local-non-trivial-variable)
    EXPECT_EQ(budget.used(), 10'000U);
  }
  EXPECT_EQ(budget.used(), 0U);
}

}  // namespace
}  // namespace wasm_server

#include "auth/rate_limiter.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "base/digest.h"

namespace wasm_server {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

class RateLimiterTest : public testing::Test {
 protected:
  static std::uint64_t client(int number) {
    return std::hash<Digest>{}(sha256("client " + std::to_string(number)));
  }
  int admitted(RateLimiter& limiter, std::uint64_t who, int requests) const {
    int count = 0;
    for (int i = 0; i < requests; ++i) count += limiter.admit(who, now_).count() == 0 ? 1 : 0;
    return count;
  }

  RateLimiter::Clock::time_point now_{seconds(1000)};
};

TEST_F(RateLimiterTest, LetsABurstInAndThenTheRate) {
  RateLimiter limiter(10, 5);
  EXPECT_EQ(admitted(limiter, client(1), 100), 5);
  EXPECT_EQ(limiter.admit(client(1), now_), milliseconds(100));
  now_ += milliseconds(99);
  EXPECT_EQ(admitted(limiter, client(1), 1), 0);
  now_ += milliseconds(1);
  EXPECT_EQ(admitted(limiter, client(1), 5), 1);
  now_ += seconds(100);
  EXPECT_EQ(admitted(limiter, client(1), 100), 5) << "what was not used is not saved up";
}

TEST_F(RateLimiterTest, WhatIsRefusedCostsNothing) {
  RateLimiter limiter(10, 1);
  EXPECT_EQ(admitted(limiter, client(1), 1'000'000), 1);
  now_ += milliseconds(100);
  EXPECT_EQ(admitted(limiter, client(1), 10), 1);
}

TEST_F(RateLimiterTest, CountsEachClientByItself) {
  RateLimiter limiter(1, 2);
  int count = 0;
  for (int i = 0; i < 1'000; ++i) count += admitted(limiter, client(i), 3);
  EXPECT_EQ(count, 2'000);
}

// A million clients: the table is full of them, and nobody is let in more often for that.
TEST_F(RateLimiterTest, NeverLetsAClientInMoreOftenHoweverManyThereAre) {
  RateLimiter limiter(1, 3);
  for (int i = 0; i < 1'000'000; ++i) {
    limiter.admit(static_cast<std::uint64_t>(i) * 0x9e3779b97f4a7c15, now_);
  }
  EXPECT_LE(admitted(limiter, client(-1), 100), 3);
  now_ += seconds(10);
  EXPECT_EQ(admitted(limiter, client(-1), 100), 3);
}

TEST_F(RateLimiterTest, NoRateIsAnyNumber) {
  RateLimiter limiter(0, 1);
  EXPECT_FALSE(limiter.is_on());
  EXPECT_EQ(admitted(limiter, client(1), 1'000), 1'000);
}

TEST_F(RateLimiterTest, IsSetAnewWhileItIsAsked) {
  RateLimiter limiter(0, 0);
  std::atomic<bool> stop{false};
  std::thread other([&] {
    while (!stop) limiter.admit(client(9), RateLimiter::Clock::now());
  });
  EXPECT_EQ(admitted(limiter, client(1), 100), 100);
  limiter.set(10, 5);
  EXPECT_TRUE(limiter.is_on());
  EXPECT_EQ(admitted(limiter, client(1), 100), 5);
  limiter.set(10, 20);
  EXPECT_EQ(admitted(limiter, client(1), 100), 15) << "what it had counts";
  limiter.set(0, 0);
  EXPECT_EQ(admitted(limiter, client(1), 100), 100);
  stop = true;
  other.join();
}

}  // namespace
}  // namespace wasm_server

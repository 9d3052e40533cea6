#include "engine/spare_pace.h"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <latch>
#include <string>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

#include "engine/spare_pace_test.h"

namespace wasm_server {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr double kManyCalls = 100'000;

class SparePaceTest : public testing::Test {
 protected:
  ~SparePaceTest() override { SparePace::set_calls(0); }

  // Does `work` on a thread that keeps to the pace.
  template <class F>
  static void on_paced_thread(F work) {
    std::thread([&] {
      SparePace::keep();
      work();
    }).join();
  }
};

TEST_F(SparePaceTest, RestsTheLongerTheMoreCallsThereAre) {
  EXPECT_EQ(SparePace::rest_for(0), microseconds::zero());
  EXPECT_EQ(SparePace::rest_for(1), SparePace::kShortestRest);
  EXPECT_EQ(SparePace::rest_for(5'000), SparePace::kLongestRest / 2);
  EXPECT_EQ(SparePace::rest_for(10'000), SparePace::kLongestRest);
  EXPECT_EQ(SparePace::rest_for(1e9), SparePace::kLongestRest);
}

TEST_F(SparePaceTest, RestsAgainAndAgainWhileCallsAreServed) {
  SparePace::set_calls(kManyCalls);
  EXPECT_TRUE(SparePace::has_rests());
  on_paced_thread([] {
    const SparePace::Work work;
    constexpr milliseconds kCpu{50};
    const auto begin = Clock::now();
    // Most turns are a tenth of a millisecond, but up to kLook on a busy machine.
    constexpr int kRests = 25;
    EXPECT_GE(sleeps_in(kCpu), kRests);
    EXPECT_GE(Clock::now() - begin, kCpu + kRests * SparePace::kLongestRest);
  });
}

TEST_F(SparePaceTest, DoesNotRestWhenNoCallIsServed) {
  EXPECT_FALSE(SparePace::has_rests());
  on_paced_thread([] {
    const SparePace::Work work;
    EXPECT_EQ(sleeps_in(milliseconds(50)), 0);
  });
}

TEST_F(SparePaceTest, BeginsToRestInTheMiddleOfItsWork) {
  on_paced_thread([] {
    const SparePace::Work work;
    EXPECT_EQ(sleeps_in(milliseconds(20)), 0);
    SparePace::set_calls(kManyCalls);
    EXPECT_GE(sleeps_in(milliseconds(20)), 5);
    SparePace::set_calls(0);
    sleeps_in(milliseconds(2));  // the last rest may have begun before
    EXPECT_EQ(sleeps_in(milliseconds(20)), 0);
  });
}

TEST_F(SparePaceTest, AThreadIsPacedThatJoinsDuringTheWork) {
  SparePace::set_calls(kManyCalls);
  const SparePace::Work work;
  on_paced_thread([] { EXPECT_GE(sleeps_in(milliseconds(20)), 5); });
}

TEST_F(SparePaceTest, OtherThreadsAreLeftAlone) {
  SparePace::set_calls(kManyCalls);
  on_paced_thread([] {
    const SparePace::Work work;
    std::thread([] { EXPECT_EQ(sleeps_in(milliseconds(20)), 0); }).join();
  });
}

// What the kernel counts for another thread.
long sleeps_of(pid_t thread) {
  std::ifstream status("/proc/self/task/" + std::to_string(thread) + "/status");
  const std::string key = "voluntary_ctxt_switches:";
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(key)) return std::stol(line.substr(key.size()));
  }
  return -1;
}

TEST_F(SparePaceTest, NothingInterruptsThreadsWithoutWork) {
  SparePace::set_calls(kManyCalls);
  std::atomic<pid_t> id{0};
  std::latch ready(1);
  std::latch over(1);
  std::thread idle([&] {
    SparePace::keep();
    {
      const SparePace::Work work;
      sleeps_in(milliseconds(2));
    }
    id = gettid();
    ready.count_down();
    over.wait();
  });
  ready.wait();
  // It may have to wait for a core before it can sleep. Interruptions would go on all the time.
  long before = -1;
  long now = sleeps_of(id);
  for (int tries = 0; tries < 100 && now != before; ++tries) {
    std::this_thread::sleep_for(milliseconds(50));
    before = std::exchange(now, sleeps_of(id));
  }
  EXPECT_EQ(now, before);
  over.count_down();
  idle.join();
}

}  // namespace
}  // namespace wasm_server

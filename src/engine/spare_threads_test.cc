#include "engine/spare_threads.h"

#include <sched.h>

#include <chrono>
#include <latch>
#include <stdexcept>
#include <thread>

#include <gtest/gtest.h>

#include "engine/spare_pace.h"
#include "engine/spare_pace_test.h"

namespace wasm_server {
namespace {

TEST(SpareThreads, DoTheWorkWhileTheCallerWaits) {
  const SpareThreads threads(2);
  std::thread::id where;
  int policy = -1;
  threads.run([&] {
    where = std::this_thread::get_id();
    policy = sched_getscheduler(0);
  });
  EXPECT_NE(where, std::thread::id());
  EXPECT_NE(where, std::this_thread::get_id());
  EXPECT_EQ(policy, SCHED_IDLE);
}

TEST(SpareThreads, GiveTheCallerWhatTheWorkThrew) {
  const SpareThreads threads(1);
  EXPECT_THROW(threads.run([] { throw std::runtime_error("no"); }), std::runtime_error);
  bool ran = false;
  threads.run([&] { ran = true; });
  EXPECT_TRUE(ran);
}

TEST(SpareThreads, RestWhileCallsAreServed) {
  const SpareThreads threads(1);
  SparePace::set_calls(100'000);
  threads.run([] { EXPECT_GE(sleeps_in(std::chrono::milliseconds(20)), 5); });
  SparePace::set_calls(0);
}

// Waits for all of them: none does it for another.
std::latch all_are_here{3};

TEST(SpareThreads, DoSomethingOnEach) {
  const SpareThreads threads(3);
  threads.on_each([] { all_are_here.arrive_and_wait(); });
  all_are_here.wait();
}

}  // namespace
}  // namespace wasm_server

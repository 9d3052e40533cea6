#include "worker/idle_polling.h"

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

const IdlePolling::Clock::time_point kNow = IdlePolling::Clock::time_point{} + seconds(100);

TEST(IdlePolling, SleepsAtFirst) {
  const IdlePolling polling;
  EXPECT_FALSE(polling.worthwhile(kNow));
}

TEST(IdlePolling, LooksOnWhileSleepsAreShort) {
  IdlePolling polling;
  polling.slept(microseconds(30));
  EXPECT_TRUE(polling.worthwhile(kNow));
  polling.slept(IdlePolling::kShortSleep);
  EXPECT_TRUE(polling.worthwhile(kNow));
  polling.slept(milliseconds(5));
  EXPECT_FALSE(polling.worthwhile(kNow));
}

TEST(IdlePolling, PausesWhenTheCoreWasKept) {
  IdlePolling polling;
  polling.slept(microseconds(30));
  polling.offered(microseconds(300), kNow);
  EXPECT_TRUE(polling.worthwhile(kNow));
  polling.offered(IdlePolling::kKept, kNow);
  EXPECT_FALSE(polling.worthwhile(kNow));
  EXPECT_FALSE(polling.worthwhile(kNow + IdlePolling::kPause - microseconds(1)));
  EXPECT_TRUE(polling.worthwhile(kNow + IdlePolling::kPause));
}

}  // namespace
}  // namespace wasm_server

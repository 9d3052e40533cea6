#include "worker/work_meter.h"

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

using std::chrono::milliseconds;

int compute_for(milliseconds time) {
  const auto end = thread_cpu_time() + time;
  int turns = 0;
  while (thread_cpu_time() < end) ++turns;
  return turns;
}

TEST(WorkMeter, KeepsTheLongestPiece) {
  WorkMeter meter(true);
  EXPECT_GT(meter.measure([] { return compute_for(milliseconds{5}); }), 0);
  const auto longest = meter.longest();
  EXPECT_GE(longest, milliseconds{5});
  meter.measure([] { return 0; });
  EXPECT_EQ(meter.longest(), longest);
}

TEST(WorkMeter, MeasuresNothingWhenItIsOff) {
  WorkMeter meter(false);
  EXPECT_EQ(meter.measure([] { return 7; }), 7);
  EXPECT_EQ(meter.longest().count(), 0);
}

}  // namespace
}  // namespace wasm_server

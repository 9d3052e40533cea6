#include "cli/bench/latencies.h"

#include <gtest/gtest.h>

namespace wasm_server::cli {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

TEST(Latencies, HaveQuantilesWithinOnePercent) {
  Latencies latencies;
  for (int i = 1; i <= 10'000; ++i) latencies.add(microseconds(i));
  for (const double part : {0.001, 0.5, 0.9, 0.99, 0.9999}) {
    const double exact = part * 10'000'000;
    const auto found = static_cast<double>(latencies.quantile(part).count());
    EXPECT_GE(found, exact) << part;
    EXPECT_LT(found, exact * 1.01) << part;
  }
  EXPECT_EQ(latencies.max(), milliseconds(10));
  EXPECT_EQ(latencies.mean(), nanoseconds(5'000'500));
  EXPECT_EQ(latencies.quantile(1), milliseconds(10));
}

TEST(Latencies, CountShortOnesExactly) {
  Latencies latencies;
  for (const int ns : {-5, 0, 1, 127, 128, 129}) latencies.add(nanoseconds(ns));
  EXPECT_EQ(latencies.count(), 6U);
  EXPECT_EQ(latencies.quantile(0.5), nanoseconds(1));
  EXPECT_EQ(latencies.quantile(0.67), nanoseconds(128));
  EXPECT_EQ(latencies.quantile(1), nanoseconds(129));
}

TEST(Latencies, CountAnHourForWhatIsLonger) {
  Latencies latencies;
  latencies.add(hours(100));
  EXPECT_EQ(latencies.max(), hours(1));
  EXPECT_EQ(latencies.quantile(0.5), hours(1));
}

TEST(Latencies, AreZeroWhenThereIsNone) {
  const Latencies none;
  EXPECT_EQ(none.quantile(0.99), nanoseconds(0));
  EXPECT_EQ(none.mean(), nanoseconds(0));
}

TEST(Latencies, AddUpOverConnections) {
  Latencies fast;
  Latencies slow;
  for (int i = 0; i < 90; ++i) fast.add(microseconds(100));
  for (int i = 0; i < 10; ++i) slow.add(milliseconds(50));
  fast.add(slow);
  EXPECT_EQ(fast.count(), 100U);
  EXPECT_LT(fast.quantile(0.9), microseconds(101));
  EXPECT_EQ(fast.quantile(0.91), milliseconds(50));
}

}  // namespace
}  // namespace wasm_server::cli

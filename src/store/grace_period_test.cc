#include "store/grace_period.h"

#include <thread>

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

TEST(GracePeriod, EndsAtOnceWhenNobodyReads) {
  GracePeriod period;
  EXPECT_TRUE(period.has_ended());
  period.begin();
  EXPECT_TRUE(period.has_ended());
}

TEST(GracePeriod, LastsUntilTheLastOfThoseWhoReadHasFinished) {
  GracePeriod period;
  auto first = period.read();
  auto second = period.read();
  period.begin();
  first.end();
  EXPECT_FALSE(period.has_ended());
  second.end();
  EXPECT_TRUE(period.has_ended());
}

TEST(GracePeriod, IsNotHeldUpByThoseWhoComeLater) {
  GracePeriod period;
  auto before = period.read();
  period.begin();
  const auto after = period.read();
  before.end();
  EXPECT_TRUE(period.has_ended());
  period.begin();
  EXPECT_FALSE(period.has_ended());  // now `after` is one who read before
}

TEST(GracePeriod, WaitsForReadersOnOtherThreads) {
  GracePeriod period;
  bool finished = false;
  auto reading = period.read();
  period.begin();
  std::thread reader([&] {
    finished = true;
    reading.end();
  });
  period.wait();
  EXPECT_TRUE(finished);
  reader.join();
}

}  // namespace
}  // namespace wasm_server

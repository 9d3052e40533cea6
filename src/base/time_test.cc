#include "base/time.h"

#include <string>

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

std::string rfc3339(UnixMillis time) {
  std::string text;
  append_rfc3339(text, time);
  return text;
}

TEST(Time, IsWrittenAsRfc3339WithMilliseconds) {
  EXPECT_EQ(rfc3339(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(rfc3339(1'795'392'000'000), "2026-11-23T00:00:00.000Z");
  EXPECT_EQ(rfc3339(951'827'696'789), "2000-02-29T12:34:56.789Z");
}

TEST(Time, GoesBeforeTheEpoch) { EXPECT_EQ(rfc3339(-1), "1969-12-31T23:59:59.999Z"); }

TEST(Time, RoundsDownToMilliseconds) {
  using namespace std::chrono;
  EXPECT_EQ(unix_millis(system_clock::time_point{microseconds{1999}}), 1);
  EXPECT_EQ(unix_millis(system_clock::time_point{microseconds{-1}}), -1);
}

}  // namespace
}  // namespace wasm_server

#include "cli/text/words.h"

#include <gtest/gtest.h>

namespace wasm_server::cli {
namespace {

using std::chrono::milliseconds;

TEST(Words, ReadsPairs) {
  EXPECT_EQ(*read_pairs({"a=1", "b=x=y", "c="}, "--label"),
            (StringPairs{{"a", "1"}, {"b", "x=y"}, {"c", ""}}));
  EXPECT_EQ(read_pairs({"a"}, "--label").error().message, "--label takes NAME=VALUE, not \"a\"");
  EXPECT_FALSE(read_pairs({"=a"}, "--label"));
}

TEST(Words, ReadsDurations) {
  EXPECT_EQ(read_duration("250ms"), milliseconds(250));
  EXPECT_EQ(read_duration("2s"), milliseconds(2000));
  EXPECT_EQ(read_duration("1m"), milliseconds(60'000));
  EXPECT_EQ(read_duration("12h"), std::chrono::hours(12));
  EXPECT_EQ(read_duration("30d"), std::chrono::days(30));
  EXPECT_EQ(read_duration("7"), milliseconds(7));
  for (const char* text : {"", "s", "0", "0s", "-1s", "1.5s", "1w", "1 s", "40000d",
                           "99999999999999999999m", "18446744073709551615s"}) {
    EXPECT_EQ(read_duration(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace wasm_server::cli

#include "http/media.h"

#include <string>

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

double accept_quality(std::string_view header, std::string_view type) {
  return Accept(header).quality(type);
}

TEST(MediaType, IsInLowerCaseWithoutParameters) {
  EXPECT_EQ(media_type("Application/JSON; charset=utf-8"), "application/json");
  EXPECT_EQ(media_type("  text/wat\t;x"), "text/wat");
  EXPECT_EQ(media_type(""), "");
}

TEST(AcceptQuality, IsOneWithoutAHeader) {
  EXPECT_EQ(accept_quality("", "application/json"), 1);
  EXPECT_EQ(accept_quality("  ", "application/json"), 1);
  EXPECT_EQ(accept_quality(" ,, ", "application/json"), 1);
}

// RFC 9110, section 12.5.1, its own example (without the ranges that have parameters).
TEST(AcceptQuality, TakesTheMostSpecificRange) {
  constexpr const char* kAccept =
      "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, */*;q=0.5";
  EXPECT_DOUBLE_EQ(accept_quality(kAccept, "text/plain"), 0.7);
  EXPECT_DOUBLE_EQ(accept_quality(kAccept, "text/html"), 0.3);
  EXPECT_DOUBLE_EQ(accept_quality(kAccept, "image/jpeg"), 0.5);
}

TEST(AcceptQuality, ASpecificRefusalBeatsAGeneralAdmission) {
  EXPECT_EQ(accept_quality("*/*, application/json;q=0", "application/json"), 0);
  EXPECT_EQ(accept_quality("application/*;q=0, */*", "application/wasm"), 0);
  EXPECT_EQ(accept_quality("application/json;q=0, */*", "application/wasm"), 1);
}

TEST(AcceptQuality, IsZeroWhenNothingMatches) {
  EXPECT_EQ(accept_quality("text/html", "application/json"), 0);
  EXPECT_EQ(accept_quality("application/jsonx", "application/json"), 0);
  EXPECT_EQ(accept_quality("app/*", "application/json"), 0);
  EXPECT_EQ(accept_quality("application/json;version=2", "application/json"), 0);
}

TEST(AcceptQuality, ComparesWithoutRegardToCase) {
  EXPECT_DOUBLE_EQ(accept_quality("Application/WASM;Q=0.25", "application/wasm"), 0.25);
}

TEST(AcceptQuality, ReadsWeightsAsTheyAreWritten) {
  EXPECT_DOUBLE_EQ(accept_quality("*; q=.2", "a/b"), 0.2);
  EXPECT_DOUBLE_EQ(accept_quality("*/* ; q=0.125", "a/b"), 0.125);
  EXPECT_DOUBLE_EQ(accept_quality("*/*;q=1.000", "a/b"), 1);
  EXPECT_DOUBLE_EQ(accept_quality("a/b;q=0.5;ext=1", "a/b"), 0.5);
}

TEST(AcceptQuality, SkipsMalformedRangesOnly) {
  for (const char* bad : {"a/b;q=2", "a/b;q=", "a/b;q", "a/b;q=-1", "a/b;q=0.1.2", "a/b;q=x"}) {
    EXPECT_EQ(accept_quality(bad, "a/b"), 0) << bad;
  }
  EXPECT_DOUBLE_EQ(accept_quality("a/b;q=2, */*;q=0.1", "a/b"), 0.1);
}

TEST(AcceptQuality, CanIgnoreParameters) {
  const Accept accept(R"(text/plain;p="a;q=0";q=0.4, text/*;version=1)",
                      Accept::Parameters::kIgnored);
  EXPECT_DOUBLE_EQ(accept.quality("text/plain"), 0.4);
  EXPECT_DOUBLE_EQ(accept.quality("text/html"), 1);
}

// A header of nothing but ranges held the event loop for half a second.
TEST(AcceptQuality, LooksAtTheFirstRangesOnly) {
  std::string many;
  for (std::size_t i = 0; i < Accept::kMaxRanges; ++i) many += "a/" + std::to_string(i) + ",";
  EXPECT_EQ(accept_quality(many + "text/plain", "text/plain"), 0);
  EXPECT_EQ(accept_quality("text/plain," + many, "text/plain"), 1);
  EXPECT_EQ(Accept(many + many).ranges().size(), Accept::kMaxRanges);
}

TEST(AcceptQuality, ACommaInAQuotedStringEndsNothing) {
  EXPECT_EQ(accept_quality(R"(x/y;p="a,a/b,\",a/b")", "a/b"), 0);
}

}  // namespace
}  // namespace wasm_server

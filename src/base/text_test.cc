#include "base/text.h"

#include <array>
#include <limits>

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

TEST(Text, ComparesWithoutRegardToCaseInAsciiOnly) {
  EXPECT_TRUE(equals_lower("Content-TYPE", "content-type"));
  EXPECT_FALSE(equals_lower("content-typ", "content-type"));
  EXPECT_FALSE(equals_lower("\xC3\x84", "\xC3\xA4"));  // A and a with diaeresis
  EXPECT_EQ(to_lower("aZ-09\xC3\x84"), "az-09\xC3\x84");
}

TEST(Text, TrimsSpacesAndTabsOnly) {
  EXPECT_EQ(trim(" \ta b\t "), "a b");
  EXPECT_EQ(trim(" \t "), "");
  EXPECT_EQ(trim("\na"), "\na");
}

TEST(Text, QuotesWholeTextsAndShortensOnRequest) {
  const std::string long_text(49, 'x');
  EXPECT_EQ(quote(long_text), '"' + long_text + '"');
  EXPECT_EQ(shorten(long_text), std::string(48, 'x') + "...");
  EXPECT_EQ(shorten(long_text.substr(1)), std::string(48, 'x'));
}

TEST(Text, ShortensBetweenCharacters) {
  EXPECT_EQ(shorten(std::string(47, 'x') + "\xC3\xA4"), std::string(47, 'x') + "...");
}

TEST(Text, WritesNumbersOfAnySizeAndBase) {
  std::string out = "[";
  append_number(out, 0);
  out += ',';
  append_number(out, std::numeric_limits<std::uint64_t>::max());
  out += ',';
  append_number(out, 0x1f00, 16);
  EXPECT_EQ(out, "[0,18446744073709551615,1f00");
}

TEST(Text, ReadsUnsignedNumbersThatAreTheWholeText) {
  EXPECT_EQ(parse_unsigned("0"), 0U);
  EXPECT_EQ(parse_unsigned("007"), 7U);
  EXPECT_EQ(parse_unsigned("18446744073709551615"), std::numeric_limits<std::uint64_t>::max());
  for (const char* text : {"", "-1", "+1", " 1", "1 ", "1.0", "0x1", "18446744073709551616"}) {
    EXPECT_EQ(parse_unsigned(text), std::nullopt) << text;
  }
}

TEST(Text, ReadsPositiveNumbersOnly) {
  EXPECT_EQ(parse_positive("1"), 1U);
  EXPECT_EQ(parse_positive("0"), std::nullopt);
  EXPECT_EQ(parse_positive("00"), std::nullopt);
  EXPECT_EQ(parse_positive("-1"), std::nullopt);
}

TEST(Text, WritesBytesAndNumbersInHex) {
  std::string out = "<";
  append_hex(out, std::array<std::uint8_t, 3>{0x00, 0xAB, 0xFF});
  out += ' ';
  append_hex(out, 0x1234, 6);
  out += ' ';
  append_hex(out, 0xFEDC'BA98'7654'3210, 16);
  append_hex(out, 0x1234, 2);
  EXPECT_EQ(out, "<00abff 001234 fedcba987654321034");
}

TEST(Text, ReadsHexOfEitherCaseAndOfExactlyThatLength) {
  std::array<std::uint8_t, 2> bytes{};
  EXPECT_TRUE(decode_hex("00aF", bytes));
  EXPECT_EQ(bytes, (std::array<std::uint8_t, 2>{0x00, 0xAF}));
  for (const char* text : {"", "00a", "00aff", "00ag", "0-af", "0x0f", "\xFF\xFF\xFF\xFF"}) {
    EXPECT_FALSE(decode_hex(text, bytes)) << text;
  }
}

}  // namespace
}  // namespace wasm_server

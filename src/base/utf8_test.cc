#include "base/utf8.h"

#include <string>

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

TEST(Utf8, TakesEveryLengthOfSequence) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("plain text that is longer than one machine word"));
  EXPECT_TRUE(is_utf8("\u00fc \u20ac \U0001F600"));
  EXPECT_TRUE(is_utf8(std::string(1, '\0')));
}

TEST(Utf8, TakesTheLimitsOfEveryRange) {
  for (const char* text : {"\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
                           "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(is_utf8(text)) << testing::PrintToString(std::string(text));
  }
}

TEST(Utf8, RefusesWhatIsJustOutsideOfThem) {
  for (const char* text :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2 ", "\xC2\xC0", "\xE0\x9F\xBF",
        "\xED\xA0\x80", "\xE2\x82", "\xE2\x82 ", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
        "\xF0\x9F\x98", "\xF5\x80\x80\x80", "\xFF", "12345678\xFF", "1234567\xC3"}) {
    EXPECT_FALSE(is_utf8(text)) << testing::PrintToString(std::string(text));
  }
}

TEST(Utf8, MeasuresTheFirstSequence) {
  EXPECT_EQ(utf8_sequence_length(""), 0U);
  EXPECT_EQ(utf8_sequence_length("ab"), 1U);
  EXPECT_EQ(utf8_sequence_length("\u00fcb"), 2U);
  EXPECT_EQ(utf8_sequence_length("\u20acb"), 3U);
  EXPECT_EQ(utf8_sequence_length("\U0001F600b"), 4U);
  EXPECT_EQ(utf8_sequence_length("\xE2\x82"), 0U);
}

TEST(Utf8, CutsOnlyBetweenSequences) {
  EXPECT_EQ(utf8_prefix("abc", 3), "abc");
  EXPECT_EQ(utf8_prefix("abc", 2), "ab");
  EXPECT_EQ(utf8_prefix("a\u20ac", 3), "a");
  EXPECT_EQ(utf8_prefix("\u20ac", 2), "");
}

TEST(Utf8, IsMadeOfOneCodePointAndReadBack) {
  for (const char32_t code_point : {U'\0', U'a', U'\x7F', U'\x80', U'\u07FF', U'\u0800', U'\uD7FF',
                                    U'\uE000', U'\uFFFF', U'\U00010000', U'\U0010FFFF'}) {
    std::string text;
    append_utf8(text, code_point);
    EXPECT_TRUE(is_utf8(text));
    EXPECT_EQ(only_code_point(text), code_point);
    EXPECT_EQ(only_code_point(text + "a"), std::nullopt);
  }
  EXPECT_EQ(only_code_point(""), std::nullopt);
  EXPECT_EQ(only_code_point("\xED\xA0\x80"), std::nullopt) << "a surrogate";
  EXPECT_EQ(only_code_point("\xC3"), std::nullopt);
}

TEST(Utf8, CutsTheBeginningOffBeforeAWholeSequence) {
  EXPECT_EQ(utf8_suffix("abc", 3), "abc");
  EXPECT_EQ(utf8_suffix("abc", 2), "bc");
  EXPECT_EQ(utf8_suffix("abc", 0), "");
  EXPECT_EQ(utf8_suffix("\u20acx", 3), "x");
  EXPECT_EQ(utf8_suffix("\u20acx", 4), "\u20acx");
  EXPECT_EQ(utf8_suffix("a\U0001F600", 3), "");
  EXPECT_EQ(utf8_suffix("ab\xff\x80", 2), "\xff\x80") << "no text at all";
}

}  // namespace
}  // namespace wasm_server

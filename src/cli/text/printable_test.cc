#include "cli/text/printable.h"

#include <gtest/gtest.h>

namespace wasm_server::cli {
namespace {

TEST(Printable, LeavesTextAsItIs) {
  EXPECT_EQ(printable("a b\\c \xC3\xA4 \xE2\x82\xAC \xF0\x9F\x98\x80"),
            "a b\\c \xC3\xA4 \xE2\x82\xAC \xF0\x9F\x98\x80");
  EXPECT_EQ(printable(""), "");
}

TEST(Printable, EscapesWhatMovesACursorOrBreaksALine) {
  EXPECT_EQ(printable("a\nb\tc\rd"), "a\\nb\\tc\\rd");
  EXPECT_EQ(printable("\x1b[2J\x07\x7f"), "\\x1b[2J\\x07\\x7f");
  EXPECT_EQ(printable(std::string("\0", 1)), "\\x00");
  EXPECT_EQ(printable("\xC2\x9B"), "\\u{9b}") << "CSI as one character";
  EXPECT_EQ(printable("\xE2\x80\xA8"), "\\u{2028}");
}

TEST(Printable, EscapesWhatTurnsTheDirectionOfWriting) {
  EXPECT_EQ(printable("a\xE2\x80\xAE"
                      "b"),
            "a\\u{202e}b");
  EXPECT_EQ(printable("\xE2\x81\xA6"), "\\u{2066}");
  EXPECT_EQ(printable("\xE2\x80\x8F"), "\\u{200f}");
}

TEST(Printable, EscapesBytesThatAreNoText) {
  EXPECT_EQ(printable("a\xFF\xC3"), "a\\xff\\xc3");
  EXPECT_EQ(printable("\xC0\x9B"), "\\xc0\\x9b") << "an overlong form";
}

TEST(Printable, CountsColumnsByCodePoint) {
  EXPECT_EQ(columns("\xC3\xA4"
                    "bc"),
            3U);
  EXPECT_EQ(columns(""), 0U);
}

}  // namespace
}  // namespace wasm_server::cli

#include "base/json_text.h"

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  EXPECT_EQ(json_string_size(text), out.size());
  return out;
}

TEST(JsonText, EscapesWhatMustBeEscaped) {
  EXPECT_EQ(quoted("plain"), R"("plain")");
  EXPECT_EQ(quoted("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(quoted("\n\r\t"), R"("\n\r\t")");
  EXPECT_EQ(quoted(std::string_view("\0\x1f\x7f", 3)), R"("\u0000\u001f\u007f")");
}

TEST(JsonText, KeepsWellFormedUtf8) {
  for (const char* text : {"ü", "€", "😀", "\xED\x9F\xBF", "\xEE\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_EQ(quoted(text), '"' + std::string(text) + '"');
  }
}

TEST(JsonText, ReplacesBytesThatAreNotUtf8) {
  constexpr const char* kOne = "\"\xEF\xBF\xBD\"";
  EXPECT_EQ(quoted("\xff"), kOne);
  EXPECT_EQ(quoted("\xC3"), kOne);
  EXPECT_EQ(quoted("\xC0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");  // overlong
  EXPECT_EQ(quoted("\xED\xA0\x80").size(), 2 + 3 * 3);            // a surrogate
  EXPECT_EQ(quoted("\xF4\x90\x80\x80").size(), 2 + 4 * 3);        // beyond U+10FFFF
  EXPECT_EQ(quoted("\xE2\x82"
                   "x"),
            "\"\xEF\xBF\xBD\xEF\xBF\xBDx\"");  // cut off
}

}  // namespace
}  // namespace wasm_server

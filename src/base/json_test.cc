#include "base/json.h"

#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wasm_server {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string why(std::string_view text) {
  const auto document = parse_json(text);
  return document ? "accepted" : document.error().message;
}

// Writes a value out again, so that a test sees all of it.
std::string shown(JsonValue value) {
  switch (value.kind()) {
    case JsonKind::kNull:
      return "null";
    case JsonKind::kBool:
      return value.boolean() ? "true" : "false";
    case JsonKind::kNumber:
      return std::string(value.text());
    case JsonKind::kString:
      return '"' + std::string(value.text()) + '"';
    case JsonKind::kArray:
    case JsonKind::kObject:
      break;
  }
  const bool is_array = value.kind() == JsonKind::kArray;
  std::string text = is_array ? "[" : "{";
  std::size_t count = 0;
  for (const JsonValue item : value) {
    if (count++ > 0) text += ',';
    if (!is_array) text += std::string(item.name()) + ':';
    text += shown(item);
  }
  EXPECT_EQ(value.size(), count);
  return text + (is_array ? ']' : '}');
}

std::string read(std::string_view text) {
  const auto document = parse_json(text);
  return document ? shown(document->root()) : document.error().message;
}

TEST(Json, KeepsStructureOrderAndNumbersAsWritten) {
  EXPECT_EQ(read(R"({"b":[1,-2.50,true,false,null,"x"],"a":{}})"),
            R"({b:[1,-2.50,true,false,null,"x"],a:{}})");
  EXPECT_EQ(read("18446744073709551616"), "18446744073709551616");
  EXPECT_EQ(read(" \"x\" "), "\"x\"");
  EXPECT_EQ(read("[]"), "[]");
}

TEST(Json, KeepsWhatIsNested) {
  const std::string_view text = R"([[],[[1],{a:{b:[2,{c:3}]},d:[]}],4])";
  EXPECT_EQ(read(R"([[],[[1],{"a":{"b":[2,{"c":3}]},"d":[]}],4])"), text);
}

TEST(Json, DoesNotCopyAPlainString) {
  const std::string text = "{\"wasm\":\"" + std::string(1 << 20, 'A') + "\"}";
  const auto document = parse_json(text);
  ASSERT_TRUE(document);
  const std::string_view found = (*document->root().begin()).text();
  EXPECT_EQ(found.size(), 1U << 20);
  EXPECT_EQ(found.data(), text.data() + 9);
}

TEST(Json, DecodesEscapesInNamesAndStrings) {
  EXPECT_EQ(read(R"({"\u006eame":"a\/b\n\u00e9\ud83d\ude00","x\"":""})"),
            "{name:\"a/b\n\xC3\xA9\xF0\x9F\x98\x80\",x\":\"\"}");
}

TEST(Json, StaysGoodWhenItIsMoved) {
  JsonDocument moved = *parse_json(std::make_shared<const Bytes>(R"(["\u0041bc",1])"));
  const JsonValue root = moved.root();
  const JsonDocument again = std::move(moved);
  EXPECT_EQ(shown(again.root()), R"(["Abc",1])");
  EXPECT_EQ(shown(root), R"(["Abc",1])");
}

TEST(Json, MakesAnArrayOfItems) {
  const auto document =
      JsonDocument::array({{JsonKind::kNumber, "1.50"}, {JsonKind::kString, "\xFF"}});
  EXPECT_EQ(shown(document.root()), "[1.50,\"\xFF\"]");
  EXPECT_EQ(shown(JsonDocument::array({}).root()), "[]");
}

TEST(Json, RefusesDuplicateNamesHoweverTheyAreSpelt) {
  EXPECT_THAT(why(R"({"a":1,"a":1})"), HasSubstr("\"a\" stands twice"));
  EXPECT_THAT(why(R"({"a":1,"\u0061":1})"), HasSubstr("\"a\" stands twice"));
  EXPECT_THAT(why(R"({"a":1,"c":1,"b":[{"x":1,"y":2,"x":3}]})"), HasSubstr("\"x\" stands twice"));
  EXPECT_EQ(why(R"({"x":{"a":1,"b":{"a":2}},"a":3})"), "accepted");
  EXPECT_THAT(why(R"({"1":0,"2":0,"3":0,"4":0,"5":0,"6":0,"7":0,"8":0,"9":0,"3":0})"),
              HasSubstr("\"3\" stands twice"));
  EXPECT_LT(
      why("{\"" + std::string(9'999, 'k') + "\":1,\"" + std::string(9'999, 'k') + "\":1}").size(),
      150U);
}

TEST(Json, RefusesWhatIsNotJson) {
  for (const char* text :
       {"", " ", "{", "{\"a\"}", "[1,]", "{}x", "{} {}", "nul", "01", "'a'", "\"\x01\"", "\"\xff\"",
        "\"\xc0\x80\"", "\"\\ud800\"", "NaN", "// c\n1", "[1}", "[\"\n\"]", "{1: 2}"}) {
    EXPECT_THAT(why(text), StartsWith("malformed JSON at byte ")) << text;
  }
  EXPECT_THAT(why("[1,]"), StartsWith("malformed JSON at byte 3: "));
  EXPECT_THAT(why("[1] x"), StartsWith("malformed JSON at byte 4: "));
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(Json, BoundsDepthItemsAndValues) {
  EXPECT_EQ(why(nested(kMaxJsonDepth)), "accepted");
  EXPECT_THAT(why(nested(kMaxJsonDepth + 1)), HasSubstr("deep"));
  EXPECT_THAT(why(nested(100'000)), HasSubstr("deep"));
  std::string values = "[0";
  for (std::size_t i = 1; i < kMaxJsonItems; ++i) values += ",0";
  EXPECT_EQ(why(values + "]"), "accepted");
  EXPECT_THAT(why(values + ",0]"), HasSubstr("more than 16384 items"));
  std::string members = "{\"\":0";
  for (std::size_t i = 1; i < kMaxJsonItems; ++i) members += ",\"" + std::to_string(i) + "\":0";
  EXPECT_EQ(why(members + "}"), "accepted");
  EXPECT_THAT(why(members + ",\"x\":0}"), HasSubstr("more than 16384 items"));
  const std::string list = values + "]";
  EXPECT_EQ(why("[" + list + "," + list + "," + list + "]"), "accepted");
  EXPECT_THAT(why("[" + list + "," + list + "," + list + "," + list + "]"),
              HasSubstr("too many values"));
}

}  // namespace
}  // namespace wasm_server

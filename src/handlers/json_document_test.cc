#include "handlers/json_document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wasm_server {
namespace {

using testing::HasSubstr;

std::string why(std::string_view text) {
  const auto document = parse_json(text);
  return document ? "accepted" : document.error().message;
}

TEST(JsonDocument, KeepsStructureAndOrder) {
  const std::string text = R"({"b":[1,-2.50,true,false,null,"x"],"a":{}})";
  const auto document = parse_json(text);
  ASSERT_TRUE(document);
  const auto& members = document->root.members;
  ASSERT_EQ(members.size(), 2U);
  EXPECT_EQ(members[0].name, "b");
  EXPECT_EQ(members[1].value.kind, JsonKind::kObject);
  const auto& elements = members[0].value.members;
  ASSERT_EQ(elements.size(), 6U);
  EXPECT_EQ(elements[1].value.kind, JsonKind::kNumber);
  EXPECT_EQ(elements[1].value.text, "-2.50") << "numbers stay as written";
  EXPECT_TRUE(elements[2].value.boolean);
  EXPECT_FALSE(elements[3].value.boolean);
  EXPECT_EQ(elements[3].value.kind, JsonKind::kBool);
  EXPECT_EQ(elements[4].value.kind, JsonKind::kNull);
  EXPECT_EQ(elements[5].value.text, "x");
}

TEST(JsonDocument, DoesNotCopyAPlainString) {
  const std::string text = "{\"wasm\":\"" + std::string(1 << 20, 'A') + "\"}";
  const auto document = parse_json(text);
  ASSERT_TRUE(document);
  const std::string_view found = document->root.members[0].value.text;
  EXPECT_EQ(found.size(), 1U << 20);
  EXPECT_EQ(found.data(), text.data() + 9);
  EXPECT_TRUE(document->decoded.empty());
}

TEST(JsonDocument, DecodesEscapesInNamesAndStrings) {
  const std::string text = R"({"\u006eame":"a\/b\n\u00e9\ud83d\ude00","x\"":""})";
  const auto document = parse_json(text);
  ASSERT_TRUE(document);
  EXPECT_EQ(document->root.members[0].name, "name");
  EXPECT_EQ(document->root.members[0].value.text, "a/b\n\xC3\xA9\xF0\x9F\x98\x80");
  EXPECT_EQ(document->root.members[1].name, "x\"");
}

TEST(JsonDocument, StaysGoodWhenItIsMoved) {
  const std::string text = R"({"a":"\u0041bc"})";
  JsonDocument moved = *parse_json(text);
  const JsonDocument again = std::move(moved);
  EXPECT_EQ(again.root.members[0].value.text, "Abc");
}

TEST(JsonDocument, RefusesDuplicateNamesHoweverTheyAreSpelt) {
  EXPECT_THAT(why(R"({"a":1,"a":1})"), HasSubstr("\"a\" stands twice"));
  EXPECT_THAT(why(R"({"a":1,"\u0061":1})"), HasSubstr("\"a\" stands twice"));
  EXPECT_THAT(why(R"({"x":{"a":1,"b":{"a":2}},"a":3})"), "accepted");
}

TEST(JsonDocument, RefusesWhatIsNotJson) {
  for (const char* text :
       {"", " ", "{", "{\"a\"}", "[1,]", "{}x", "{} {}", "nul", "01", "'a'", "\"\x01\"", "\"\xff\"",
        "\"\xc0\x80\"", "\"\\ud800\"", "NaN", "// c\n1"}) {
    EXPECT_THAT(why(text), HasSubstr("not accepted at byte")) << text;
  }
}

TEST(JsonDocument, BoundsDepthMembersAndValues) {
  EXPECT_THAT(why(std::string(1000, '[') + std::string(1000, ']')), HasSubstr("deep"));
  std::string values = "[0";
  for (std::size_t i = 0; i < kMaxJsonValues; ++i) values += ",0";
  EXPECT_THAT(why(values + "]"), HasSubstr("too"));
  std::string lists = "[[]";
  for (std::size_t i = 0; i < kMaxJsonValues / 2; ++i) lists += ",[[]]";
  EXPECT_THAT(why(lists + "]"), HasSubstr("too many values"));
  std::string members = "{\"\":0";
  for (std::size_t i = 0; i < kMaxJsonMembers; ++i) members += ",\"" + std::to_string(i) + "\":0";
  EXPECT_THAT(why(members + "}"), HasSubstr("large"));
  const std::string name(kMaxJsonNameBytes, 'n');
  EXPECT_THAT(why("{\"" + name + "\":0}"), "accepted");
  EXPECT_THAT(why("{\"n" + name + "\":0}"), HasSubstr("large"));
}

}  // namespace
}  // namespace wasm_server

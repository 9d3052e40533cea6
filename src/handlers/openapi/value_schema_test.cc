#include "handlers/openapi/value_schema.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

std::string schema(std::string_view type, bool is_argument = true) {
  std::string out;
  append_schema(out, *value_type_from_text(type), is_argument);
  return out;
}

constexpr auto kByte = R"({"type":"integer","minimum":0,"maximum":255})";

TEST(ValueSchema, IsThatOfTheContractForEachType) {
  EXPECT_EQ(schema("u8"), kByte);
  EXPECT_EQ(schema("bool"), R"({"type":"boolean"})");
  EXPECT_EQ(schema("char"), R"({"type":"string","minLength":1,"maxLength":1})");
  EXPECT_EQ(schema("list<string>"), R"({"type":"array","items":{"type":"string"}})");
  EXPECT_EQ(schema("tuple<bool, u8>"), R"({"type":"array","prefixItems":[{"type":"boolean"},)" +
                                           std::string(kByte) + R"(],"minItems":2,"maxItems":2})");
  EXPECT_EQ(schema("enum { a, b }"), R"({"enum":["a","b"]})");
  EXPECT_EQ(schema("flags { a, b }"), R"({"type":"array","items":{"enum":["a","b"]}})");
  EXPECT_EQ(schema("option<bool>"), R"({"anyOf":[{"type":"null"},{"type":"boolean"}]})");
  EXPECT_EQ(schema("own<counter>"), "false");
}

TEST(ValueSchema, TellsNestedOptionsApart) {
  EXPECT_EQ(schema("option<option<bool>>"),
            R"({"anyOf":[{"type":"null"},{"type":"object","additionalProperties":false,)"
            R"("required":["some"],"properties":{"some":{"anyOf":[{"type":"null"},)"
            R"({"type":"boolean"}]}}}]})");
}

TEST(ValueSchema, LetsArgumentsBeSpelledInSeveralWays) {
  const std::string array = R"({"type":"array","items":)" + std::string(kByte) + "}";
  EXPECT_EQ(schema("list<u8>"),
            R"({"oneOf":[{"type":"string","contentEncoding":"base64"},)" + array + "]}");
  EXPECT_EQ(schema("list<u8>", false), array);
  constexpr auto kRecord = "record { a: bool, b: option<bool> }";
  EXPECT_TRUE(schema(kRecord).contains(R"("required":["a"])"));
  EXPECT_TRUE(schema(kRecord, false).contains(R"("required":["a","b"])"));
  constexpr auto kCase =
      R"({"type":"object","additionalProperties":false,"required":["a"],"properties":{"a":{"type":"null"}}})";
  EXPECT_EQ(schema("variant { a }"), R"({"oneOf":[)" + std::string(kCase) + R"(,{"const":"a"}]})");
  EXPECT_EQ(schema("variant { a }", false), R"({"oneOf":[)" + std::string(kCase) + "]}");
  EXPECT_FALSE(schema("result").contains("const"));
}

}  // namespace
}  // namespace wasm_server

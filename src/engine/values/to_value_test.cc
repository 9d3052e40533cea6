// Values of WIT's types: JSON to a tree and back.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/values/values.h"

namespace wasm_server {
namespace {

Result<Value> value_of(std::string_view type, std::string_view json) {
  const auto document = parse_json(json);
  EXPECT_TRUE(document) << json;
  return to_value(document->root(), *value_type_from_text(type));
}

// What a value of that type reads back as, or why it is none.
std::string read(std::string_view type, std::string_view json) {
  const auto value = value_of(type, json);
  if (!value) {
    EXPECT_EQ(value.error().code, ErrorCode::kBadRequest);
    return value.error().message;
  }
  std::string out;
  append_json(out, *value, *value_type_from_text(type));
  const auto again = value_of(type, out);
  EXPECT_TRUE(again && *again == *value) << out;
  return out;
}

TEST(WitValues, HaveIntegersThatDoNotWrap) {
  for (const auto& [type, least, greatest] :
       {std::tuple{"s8", "-128", "127"}, std::tuple{"u8", "0", "255"},
        std::tuple{"s16", "-32768", "32767"}, std::tuple{"u16", "0", "65535"},
        std::tuple{"s32", "-2147483648", "2147483647"}, std::tuple{"u32", "0", "4294967295"}}) {
    EXPECT_EQ(read(type, least), least) << type;
    EXPECT_EQ(read(type, greatest), greatest) << type;
  }
  EXPECT_EQ(read("u8", "256"), "256 is out of range for a u8");
  EXPECT_EQ(read("u8", "-1"), "-1 is out of range for a u8");
  EXPECT_EQ(read("s8", "128"), "128 is out of range for an s8");
  EXPECT_EQ(read("s32", "2147483648"), "2147483648 is out of range for an s32");
  EXPECT_EQ(read("u32", "1.5"), "1.5 is not a u32");
  EXPECT_EQ(read("u32", "\"1\""), "\"1\" is not a u32");
}

TEST(WitValues, HaveLongIntegersAsNumbersOrStrings) {
  EXPECT_EQ(read("u64", "9007199254740992"), "9007199254740992");
  EXPECT_EQ(read("u64", "18446744073709551615"), R"("18446744073709551615")");
  EXPECT_EQ(read("u64", R"("18446744073709551615")"), R"("18446744073709551615")");
  EXPECT_EQ(read("u64", "-1"), "-1 is out of range for a u64");
  EXPECT_EQ(read("s64", R"("-9223372036854775808")"), R"("-9223372036854775808")");
  EXPECT_EQ(read("s64", "9223372036854775808"), "9223372036854775808 is out of range for an s64");
}

TEST(WitValues, HaveBoolsCharsAndStrings) {
  EXPECT_EQ(read("bool", "true"), "true");
  EXPECT_EQ(read("bool", "false"), "false");
  EXPECT_EQ(read("bool", "1"), "1 is not a bool");
  EXPECT_EQ(read("char", R"("a")"), R"("a")");
  EXPECT_EQ(read("char", R"("\ud83d\ude00")"), "\"\xF0\x9F\x98\x80\"");
  EXPECT_EQ(read("char", R"("ab")"), "\"ab\" is not a char");
  EXPECT_EQ(read("char", R"("")"), "\"\" is not a char");
  EXPECT_EQ(read("string", R"("a\u0000\"")"), R"("a\u0000\"")");
  EXPECT_EQ(read("string", "null"), "null is not a string");
  EXPECT_EQ(read("f32", R"("-nan:0x200000")"), R"("-nan:0x200000")");
}

TEST(WitValues, RefuseTextThatIsNotUtf8) {
  const auto document = JsonDocument::array({{JsonKind::kString, "\xFF"}});
  for (const auto kind : {ValueType::kString, ValueType::kChar}) {
    EXPECT_FALSE(to_value(*document.root().begin(), kind));
  }
}

TEST(WitValues, HaveListsAndTuples) {
  EXPECT_EQ(read("list<u16>", "[]"), "[]");
  EXPECT_EQ(read("list<u16>", "[1, 2, 3]"), "[1,2,3]");
  EXPECT_EQ(read("list<list<string>>", R"([[], ["a"], ["b", "c"]])"), R"([[],["a"],["b","c"]])");
  EXPECT_EQ(read("tuple<u8, string, tuple<bool>>", R"([1, "x", [true]])"), R"([1,"x",[true]])");
  EXPECT_EQ(read("list<u16>", "{}"), "an object is not a list<u16>");
  EXPECT_EQ(read("tuple<u8, u8>", "[1]"), "a tuple of 2 has 1 items");
  EXPECT_EQ(read("list<tuple<u8, u8>>", "[[1, 2], [1, 300]]"),
            "[1]: [1]: 300 is out of range for a u8");
}

TEST(WitValues, HaveBytesAsNumbersOrBase64) {
  EXPECT_EQ(read("list<u8>", "[0, 255]"), "[0,255]");
  EXPECT_EQ(read("list<u8>", R"("AP8=")"), "[0,255]");
  EXPECT_EQ(read("list<u8>", R"("")"), "[]");
  EXPECT_EQ(read("list<u8>", R"("AP8")"), "\"AP8\" is not base64");
  EXPECT_EQ(read("list<u8>", "[1, 256]"), "[1]: 256 is out of range for a u8");
  EXPECT_EQ(read("list<u8>", "1"), "1 is not a list<u8>");
}

TEST(WitValues, HaveRecordsWhoseOptionsMayBeLeftOut) {
  constexpr auto kType = "record { name: string, age: option<u8>, tags: list<string> }";
  EXPECT_EQ(read(kType, R"({"name": "a", "age": 7, "tags": []})"),
            R"({"name":"a","age":7,"tags":[]})");
  EXPECT_EQ(read(kType, R"({"tags": ["x"], "name": "a"})"),
            R"({"name":"a","age":null,"tags":["x"]})");
  EXPECT_EQ(read(kType, R"({"name": "a"})"), "the field \"tags\" is missing");
  EXPECT_EQ(read(kType, R"({"nam": "a"})"), "the record has no field \"nam\"");
  EXPECT_EQ(read(kType, R"({"name": 1})"), ".name: 1 is not a string");
  EXPECT_EQ(read(kType, "[]"),
            "an array is not a record { name: string, age: option<u8>, tags: li...");
}

TEST(WitValues, HaveVariants) {
  constexpr auto kType = "variant { none, one(u8), two(tuple<u8, u8>) }";
  EXPECT_EQ(read(kType, R"("none")"), R"({"none":null})");
  EXPECT_EQ(read(kType, R"({"none": null})"), R"({"none":null})");
  EXPECT_EQ(read(kType, R"({"one": 1})"), R"({"one":1})");
  EXPECT_EQ(read(kType, R"({"two": [1, 2]})"), R"({"two":[1,2]})");
  EXPECT_EQ(read(kType, R"("one")"), "\"one\" needs a payload");
  EXPECT_EQ(read(kType, R"({"none": 1})"), "\"none\" has no payload: only null can be passed");
  EXPECT_EQ(read(kType, R"("three")"), "the variant has no case \"three\"");
  EXPECT_EQ(read(kType, R"({"three": 3})"), "the variant has no case \"three\"");
  EXPECT_EQ(read(kType, R"({"one": "x"})"), ".one: \"x\" is not a u8");
  EXPECT_EQ(read(kType, R"({"one": 1, "none": null})").substr(0, 24), "an object is not a varia");
  EXPECT_EQ(read(kType, "{}").substr(0, 24), "an object is not a varia");
}

TEST(WitValues, HaveEnumsAndFlags) {
  EXPECT_EQ(read("enum { red, green }", R"("green")"), R"("green")");
  EXPECT_EQ(read("enum { red, green }", R"("blue")"), "the enum has no case \"blue\"");
  EXPECT_EQ(read("enum { red, green }", "1"), "1 is not an enum { red, green }");
  EXPECT_EQ(read("flags { r, w, x }", R"(["x", "r", "x"])"), R"(["r","x"])");
  EXPECT_EQ(read("flags { r, w, x }", "[]"), "[]");
  EXPECT_EQ(read("flags { r, w, x }", R"(["y"])"), "the flags have no \"y\"");
  EXPECT_EQ(read("flags { r, w, x }", R"("r")"), "\"r\" is not a flags { r, w, x }");
}

TEST(WitValues, HaveOptionsThatCanBeNested) {
  EXPECT_EQ(read("option<u8>", "null"), "null");
  EXPECT_EQ(read("option<u8>", "1"), "1");
  EXPECT_EQ(read("option<option<u8>>", "null"), "null");
  EXPECT_EQ(read("option<option<u8>>", R"({"some": null})"), R"({"some":null})");
  EXPECT_EQ(read("option<option<u8>>", R"({"some": 1})"), R"({"some":1})");
  EXPECT_EQ(read("option<option<u8>>", "1"), "1 is not an option<option<u8>>");
  EXPECT_EQ(read("option<u8>", R"("x")"), ".some: \"x\" is not a u8");
}

TEST(WitValues, HaveResults) {
  EXPECT_EQ(read("result<u8, string>", R"({"ok": 1})"), R"({"ok":1})");
  EXPECT_EQ(read("result<u8, string>", R"({"err": "no"})"), R"({"err":"no"})");
  EXPECT_EQ(read("result<_, string>", R"({"ok": null})"), R"({"ok":null})");
  EXPECT_EQ(read("result", R"({"err": null})"), R"({"err":null})");
  EXPECT_EQ(read("result", R"({"err": 1})"), "\"err\" has no payload: only null can be passed");
  EXPECT_EQ(read("result<u8>", R"({"okay": 1})"), "an object is not a result<u8>");
  EXPECT_EQ(read("result<u8>", "1"), "1 is not a result<u8>");
}

TEST(WitValues, HaveNoneForWhatLivesInAnInstance) {
  for (const std::string type :
       {"own<counter>", "borrow<counter>", "stream<u8>", "future", "error-context"}) {
    const std::string refusal = "nothing can be passed for \"" + type +
                                "\": it lives in an instance, and each call has its own";
    for (const char* json : {"0", "null", "\"a\"", "[]"}) EXPECT_EQ(read(type, json), refusal);
    EXPECT_EQ(read("list<" + type + ">", "[1]"), "[0]: " + refusal);
  }
}

// A text of n bytes could ask for n times as many values as a record has options.
TEST(WitValues, AreBoundedThoughTheirTextIsShort) {
  std::string type = "list<record { f0: option<u8>";
  for (int i = 1; i < 1'000; ++i) type += ", f" + std::to_string(i) + ": option<u8>";
  type += " }>";
  std::string json = "[{}";
  for (int i = 1; i < 1'000; ++i) json += ",{}";
  EXPECT_TRUE(value_of(type, json + "]"));
  EXPECT_EQ(value_of(type, json + ",{}]").error().message,
            "[1000]: the arguments have too many values");
}

TEST(WitValues, GoAsDeepAsTheirType) {
  std::string type = "bool";
  std::string json = "true";
  for (std::size_t depth = 1; depth < kMaxTypeDepth; ++depth) {
    type.insert(0, "list<").append(">");
    json.insert(0, "[").append("]");
  }
  EXPECT_EQ(read(type, json), json);
}

}  // namespace
}  // namespace wasm_server

#include "cli/text/arguments.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wasm_server::cli {
namespace {

using testing::HasSubstr;

const FunctionView kAdd{.name = "add", .params = {{"a", "i32"}, {"b", "i32"}}, .results = {"i32"}};

std::string typed(std::string_view type, std::string_view word) {
  const auto json = value_json(type, word);
  return json ? *json : "! " + json.error().message;
}

std::string arguments(const FunctionView& function, const std::vector<std::string>& words) {
  const auto json = arguments_json(function, words);
  return json ? *json : "! " + json.error().message;
}

TEST(Arguments, ReadsIntegersOfEveryRange) {
  EXPECT_EQ(typed("i32", "42"), "42");
  EXPECT_EQ(typed("i32", "-2147483648"), "-2147483648");
  EXPECT_EQ(typed("i32", "4294967295"), "4294967295");
  EXPECT_EQ(typed("i32", "0xff"), "255");
  EXPECT_EQ(typed("i32", "+7"), "7");
  EXPECT_EQ(typed("i32", "-0"), "0");
  EXPECT_EQ(typed("i64", "18446744073709551615"), "\"18446744073709551615\"");
  EXPECT_EQ(typed("i64", "-9223372036854775808"), "\"-9223372036854775808\"");
  EXPECT_EQ(typed("u8", "255"), "255");
  EXPECT_EQ(typed("s8", "-128"), "-128");
  EXPECT_EQ(typed("u64", "18446744073709551615"), "\"18446744073709551615\"");
}

TEST(Arguments, RefusesWhatIsNoSuchInteger) {
  for (const char* word : {"4294967296", "-2147483649", "1.5", "x", "", "0x", "-", "1 ", "1e3"}) {
    EXPECT_THAT(typed("i32", word), HasSubstr("is no i32; it takes an integer from -2147483648"));
  }
  for (const char* word : {"256", "-1"}) EXPECT_THAT(typed("u8", word), HasSubstr("from 0 to 255"));
  EXPECT_THAT(typed("s64", "9223372036854775808"), HasSubstr("is no s64"));
  EXPECT_THAT(typed("i64", "99999999999999999999999"), HasSubstr("is no i64"));
}

TEST(Arguments, HandsFloatsOnToTheLastBit) {
  EXPECT_EQ(typed("f64", "1.5"), "1.5");
  EXPECT_EQ(typed("f64", "0.1000000000000000055511151231257827"),
            "0.1000000000000000055511151231257827");
  EXPECT_EQ(typed("f32", "1e-45"), "1e-45");
  EXPECT_EQ(typed("f64", ".5"), "0.5");
  EXPECT_EQ(typed("f64", "-inf"), "\"-Infinity\"");
  EXPECT_EQ(typed("f64", "Infinity"), "\"Infinity\"");
  EXPECT_EQ(typed("f64", "NaN"), "\"NaN\"");
  EXPECT_EQ(typed("f32", "-nan:0x200000"), "\"-nan:0x200000\"");
  EXPECT_THAT(typed("f64", "one"), HasSubstr("is no f64; it takes a number"));
}

TEST(Arguments, ReadsTheTypesOfComponents) {
  EXPECT_EQ(typed("string", "a \"b\""), R"("a \"b\"")");
  EXPECT_EQ(typed("string", "42"), "\"42\"");
  EXPECT_EQ(typed("char", "x"), "\"x\"");
  EXPECT_EQ(typed("enum { red, green }", "red"), "\"red\"");
  EXPECT_EQ(typed("bool", "true"), "true");
  EXPECT_THAT(typed("bool", "yes"), HasSubstr("it is true or false"));
  EXPECT_EQ(typed("option<u8>", "null"), "null");
  EXPECT_EQ(typed("option<string>", "x"), "\"x\"");
  EXPECT_THAT(typed("option<u8>", "x"), HasSubstr("is no u8"));
  EXPECT_EQ(typed("list<u32>", "[1, 2]"), "[1, 2]");
  EXPECT_EQ(typed("record { a: u8 }", R"({"a": 1})"), R"({"a": 1})");
  EXPECT_THAT(typed("list<u32>", "1,2"), HasSubstr("it takes JSON"));
  EXPECT_EQ(typed("v128", "000102030405060708090a0b0c0d0e0f"),
            "\"000102030405060708090a0b0c0d0e0f\"");
}

TEST(Arguments, StandForParametersByPlaceOrName) {
  EXPECT_EQ(arguments(kAdd, {"2", "40"}), "[2,40]");
  EXPECT_EQ(arguments(kAdd, {"--b", "40", "--a", "2"}), "[2,40]");
  EXPECT_EQ(arguments(kAdd, {"--b=40", "2"}), "[2,40]");
  EXPECT_EQ(arguments(kAdd, {"--a", "-2", "-40"}), "[-2,-40]");
  EXPECT_EQ(arguments({.name = "none", .params = {}, .results = {}}, {}), "[]");
}

TEST(Arguments, TakesWhatLooksLikeANameBehindTwoDashes) {
  const FunctionView echo{.name = "echo", .params = {{"text", "string"}}, .results = {"string"}};
  EXPECT_EQ(arguments(echo, {"--", "--text"}), "[\"--text\"]");
  EXPECT_EQ(arguments(echo, {"--", "--"}), "[\"--\"]");
  EXPECT_EQ(arguments(echo, {"--text=--x"}), "[\"--x\"]");
  EXPECT_EQ(arguments(echo, {"-"}), "[\"-\"]");
}

TEST(Arguments, SaysWhichOneIsWrong) {
  EXPECT_EQ(arguments(kAdd, {"2", "x"}),
            "! argument 2 (\"b\"): \"x\" is no i32; it takes an integer from -2147483648 to "
            "4294967295");
  EXPECT_EQ(arguments(kAdd, {"2"}), "! add(a: i32, b: i32) -> i32 takes 2 arguments, not 1");
  EXPECT_EQ(arguments(kAdd, {"1", "2", "3"}),
            "! add(a: i32, b: i32) -> i32 takes 2 arguments, not 3");
  EXPECT_THAT(arguments(kAdd, {"--a", "1", "--a", "2"}), HasSubstr("(\"a\"): given twice"));
  EXPECT_THAT(arguments(kAdd, {"2", "--b"}), HasSubstr("\"--b\" wants a value"));
  EXPECT_THAT(arguments(kAdd, {"--json", "1"}), HasSubstr("has no parameter \"json\""));
}

}  // namespace
}  // namespace wasm_server::cli

#include "model/value_type.h"

#include <string>

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

// Whether a text is a type, and the one that reads back as it.
std::string read(std::string_view text) {
  const auto type = value_type_from_text(text);
  if (!type) return "none";
  EXPECT_EQ(value_type_from_text(to_text(*type)), type);
  return to_text(*type);
}

TEST(ValueType, HasANameThatReadsBack) {
  for (int number = 0; number <= ValueType::kString; ++number) {
    const ValueType type = static_cast<ValueType::Kind>(number);
    EXPECT_EQ(value_type_from_text(to_text(type)), type);
  }
  EXPECT_EQ(to_text(ValueType::kV128), "v128");
  EXPECT_EQ(to_text(ValueType::kExternref), "externref");
  EXPECT_EQ(to_text(ValueType::kString), "string");
  EXPECT_EQ(read("I32"), "none");
  EXPECT_EQ(read(""), "none");
}

TEST(ValueType, HasATextOfItsParts) {
  for (const char* text : {"list<u8>",
                           "tuple<u32, string>",
                           "list<tuple<u32, list<char>>>",
                           "option<option<bool>>",
                           "result",
                           "result<u8>",
                           "result<_, string>",
                           "result<list<u8>, f64>",
                           "record { a: u8, b-c: option<string> }",
                           "variant { none, some(u8), both(tuple<u8, s64>) }",
                           "enum { red, green }",
                           "flags { read, write }",
                           "record { a: record { b: s8 } }",
                           "own<counter>",
                           "list<borrow<my-counter>>",
                           "stream",
                           "stream<u8>",
                           "future<list<string>>",
                           "error-context",
                           "result<future, error-context>"}) {
    EXPECT_EQ(read(text), text);
  }
  EXPECT_EQ(read(" record{a:u8,b:list< s8 >} "), "record { a: u8, b: list<s8> }");
}

TEST(ValueType, RefusesWhatIsNoType) {
  for (const char* text : {"list",
                           "list<>",
                           "list<u8, u8>",
                           "list<u8",
                           "list<u8>>",
                           "option<>",
                           "tuple<>",
                           "tuple",
                           "result<>",
                           "result<_>",
                           "result<u8, _>",
                           "result<u8, u8, u8>",
                           "record { }",
                           "record {}",
                           "record { a }",
                           "record { a: }",
                           "record { : u8 }",
                           "record { a: u8, }",
                           "variant { a( }",
                           "variant { a() }",
                           "enum { a(u8) }",
                           "flags { a: u8 }",
                           "record { a: u8, a: u8 }",
                           "enum { a, a }",
                           "own",
                           "own<>",
                           "own<a, b>",
                           "borrow<list<u8>>",
                           "stream<>",
                           "stream<u8, u8>",
                           "stream<_>",
                           "error-context<u8>",
                           "u8 u8",
                           "i33",
                           "record { a_b: u8 }"}) {
    EXPECT_EQ(read(text), "none") << text;
  }
}

std::string nested(std::size_t depth) {
  std::string text;
  for (std::size_t i = 1; i < depth; ++i) text += "list<";
  return text + "u8" + std::string(depth - 1, '>');
}

std::string flags(std::size_t count) {
  std::string text = "flags { f0";
  for (std::size_t i = 1; i < count; ++i) text += ", f" + std::to_string(i);
  return text + " }";
}

TEST(ValueType, BoundsDepthAndLength) {
  EXPECT_EQ(read(nested(kMaxTypeDepth)), nested(kMaxTypeDepth));
  EXPECT_EQ(read(nested(kMaxTypeDepth + 1)), "none");
  EXPECT_EQ(read(nested(20'000)), "none");
  EXPECT_EQ(read("enum { " + std::string(kMaxTypeTextBytes, 'a') + " }"), "none");
  EXPECT_EQ(read(flags(kMaxFlags)), flags(kMaxFlags));
  EXPECT_EQ(read(flags(kMaxFlags + 1)), "none");
}

TEST(ValueType, IsEqualByItsParts) {
  const auto type = value_type_from_text("record { a: list<u8>, b: u8 }");
  EXPECT_EQ(type, value_type_from_text("record { a: list<u8>, b: u8 }"));
  EXPECT_NE(type, value_type_from_text("record { a: list<u16>, b: u8 }"));
  EXPECT_NE(type, value_type_from_text("record { c: list<u8>, b: u8 }"));
  EXPECT_NE(*type, ValueType::kRecord);
}

TEST(ValueType, IsDataUnlessAPartOfItLivesInAnInstance) {
  for (const char* text : {"u8", "funcref", "list<u8>", "record { a: option<string> }", "result",
                           "variant { a, b(tuple<u8>) }"}) {
    EXPECT_TRUE(value_type_from_text(text)->is_data()) << text;
  }
  for (const char* text : {"own<a>", "borrow<a>", "stream", "future<u8>", "error-context",
                           "list<own<a>>", "record { a: u8, b: option<list<borrow<a>>> }",
                           "result<_, stream<u8>>", "variant { a, b(future) }"}) {
    EXPECT_FALSE(value_type_from_text(text)->is_data()) << text;
  }
}

TEST(ValueType, FindsAPartByItsName) {
  const auto type = *value_type_from_text("enum { c, a, b }");
  EXPECT_EQ(type.find("c"), 0U);
  EXPECT_EQ(type.find("b"), 2U);
  EXPECT_EQ(type.find("d"), std::nullopt);
  EXPECT_EQ(type.find(""), std::nullopt);
  EXPECT_EQ(ValueType(ValueType::kI32).find("a"), std::nullopt);
}

}  // namespace
}  // namespace wasm_server

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/values/float_bits.h"
#include "engine/values/values.h"

namespace wasm_server {
namespace {

const std::vector<WasmParam> kParams = {{"a", ValueType::kI32}, {"b", ValueType::kF64}};

Result<std::vector<Value>> values_of(std::string_view json) {
  const auto document = parse_json(json);
  EXPECT_TRUE(document) << json;
  return to_values(document->root(), kParams);
}

std::string error_of(std::string_view json) {
  const auto values = values_of(json);
  if (values) return "none";
  EXPECT_EQ(values.error().code, ErrorCode::kBadRequest);
  return values.error().message;
}

TEST(Arguments, GoByPosition) {
  const auto values = values_of("[2, 0.5]");
  ASSERT_TRUE(values);
  ASSERT_EQ(values->size(), 2U);
  EXPECT_EQ((*values)[0].low(), 2U);
  EXPECT_EQ((*values)[1].low(), float_bits(0.5));
}

TEST(Arguments, GoByNameInAnyOrder) {
  for (const char* json : {R"({"a": 2, "b": 0.5})", R"({"b": 0.5, "a": 2})"}) {
    const auto values = values_of(json);
    ASSERT_TRUE(values);
    EXPECT_EQ((*values)[0].low(), 2U);
    EXPECT_EQ((*values)[1].low(), float_bits(0.5));
  }
}

TEST(Arguments, AreGivenToEachParameterOfTheirName) {
  const std::vector<WasmParam> params = {{"x", ValueType::kI32}, {"x", ValueType::kI64}};
  const auto document = parse_json(R"({"x": 7})");
  const auto values = to_values(document->root(), params);
  ASSERT_TRUE(values);
  EXPECT_EQ((*values)[0].low(), 7U);
  EXPECT_EQ((*values)[1].low(), 7U);
}

TEST(Arguments, MustBeAsManyAsTheParameters) {
  EXPECT_EQ(error_of("[1]"), "the function takes 2 arguments, 1 given");
  EXPECT_EQ(error_of("[]"), "the function takes 2 arguments, 0 given");
  EXPECT_EQ(error_of("[1, 2, 3]"), "the function takes 2 arguments, 3 given");
  EXPECT_EQ(to_values(std::nullopt, kParams).error().message,
            "the function takes 2 arguments, 0 given");
  EXPECT_TRUE(to_values(std::nullopt, {}));
}

TEST(Arguments, AreNamedInErrors) {
  EXPECT_EQ(error_of(R"([1, "x"])"), R"(argument 2 ("b"): "x" is not an f64)");
  EXPECT_EQ(error_of("[[1], 2]"), R"(argument 1 ("a"): an array is not an i32)");
  EXPECT_EQ(error_of(R"({"a": {}, "b": 1})"), R"(argument 1 ("a"): an object is not an i32)");
  EXPECT_EQ(error_of(R"({"a": 1.5, "b": 1})"), R"(argument 1 ("a"): 1.5 is not an i32)");
  EXPECT_EQ(error_of(R"({"a": 1})"), R"(argument "b" is missing)");
  EXPECT_EQ(error_of(R"({"a": 1, "b": 1, "c": 1})"), R"(the function has no parameter "c")");
}

TEST(Results, AreWrittenAsOneList) {
  std::string out;
  append_json(out, std::vector<Value>{}, std::vector<ValueType>{});
  append_json(out, std::vector<Value>{Value::bits(1), Value::bits(float_bits(0.5))},
              std::vector<ValueType>{ValueType::kI32, ValueType::kF64});
  EXPECT_EQ(out, "[][1,0.5]");
}

}  // namespace
}  // namespace wasm_server

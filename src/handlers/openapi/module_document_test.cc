#include "handlers/openapi/module_document.h"

#include <string>

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace wasm_server {
namespace {

WasmMetaData module_with(std::vector<FunctionInfo> functions) {
  WasmMetaData meta_data;
  meta_data.id = "m";
  ModuleInfo info;
  info.functions = std::move(functions);
  meta_data.info = std::move(info);
  return meta_data;
}

boost::json::value document_of(const WasmMetaData& meta_data) {
  return boost::json::parse(module_document(meta_data));
}

const boost::json::value& arguments_of(const boost::json::value& document, std::string_view path) {
  return document.at("paths")
      .at(path)
      .at("post")
      .at("requestBody")
      .at("content")
      .at("application/json")
      .at("schema")
      .at("properties")
      .at("args");
}

TEST(ModuleDocument, TakesArgumentsByNameWhereTheyHaveNamesOfTheirOwn) {
  const auto document = document_of(
      module_with({{"f", {{"a", ValueType::kI32}, {"b", ValueType::kF64}}, {ValueType::kI64}},
                   {"g", {{"a", ValueType::kI32}, {"a", ValueType::kI32}}, {}}}));
  const auto& named = arguments_of(document, "/wasm/m#f");
  EXPECT_EQ(named.at("type").as_string(), "object");
  EXPECT_EQ(serialize(named.at("required")), R"(["a","b"])");
  const auto& placed = arguments_of(document, "/wasm/m#g");
  EXPECT_EQ(placed.at("type").as_string(), "array");
  EXPECT_EQ(placed.at("prefixItems").as_array().size(), 2U);
  EXPECT_EQ(placed.at("maxItems").as_int64(), 2);
}

TEST(ModuleDocument, BearsAnyName) {
  const std::string name = "a/b #?\"\n\xC3\xA9";
  const auto document = document_of(module_with({{name, {{"\"", ValueType::kV128}}, {}}}));
  const auto& paths = document.at("paths").as_object();
  ASSERT_EQ(paths.size(), 1U);
  EXPECT_EQ(paths.begin()->key(), "/wasm/m#a%2Fb%20%23%3F%22%0A%C3%A9");
  EXPECT_EQ(paths.begin()->value().at("post").at("operationId").as_string(), name);
}

TEST(ModuleDocument, LeavesOutWhatCannotBeCalled) {
  const auto document =
      document_of(module_with({{"f", {}, {*value_type_from_text("own<counter>")}}, {"g", {}, {}}}));
  const auto& paths = document.at("paths").as_object();
  ASSERT_EQ(paths.size(), 1U);
  EXPECT_EQ(paths.begin()->key(), "/wasm/m#g");
}

TEST(ModuleDocument, OfAHandlerNamesWhereItIsReached) {
  WasmMetaData meta_data = module_with({});
  ModuleInfo info = *meta_data.info;
  info.kind = ModuleKind::kHttp;
  meta_data.info = info;
  const auto document = document_of(meta_data);
  const auto& paths = document.at("paths").as_object();
  ASSERT_EQ(paths.size(), 2U);
  EXPECT_TRUE(paths.at("/http/m").as_object().contains("get"));
  EXPECT_TRUE(paths.at("/http/m/{path}").as_object().contains("patch"));
  EXPECT_LE(module_document(meta_data).size(), 8'192U);
}

TEST(ModuleDocument, IsNotLongerThanIsExpected) {
  std::vector<FunctionInfo> functions;
  for (int i = 0; i < 200; ++i) {
    functions.push_back({"function" + std::to_string(i),
                         std::vector<WasmParam>(20, {"p", ValueType::kI32}),
                         std::vector<ValueType>(20, ValueType::kI32)});
  }
  for (const std::string part : {"u8", "f32", "s64", "list<u8>", "option<option<u8>>", "result",
                                 "variant { a, b, c }", "enum { a, b }", "record { a: f32 }"}) {
    for (const std::string& type : {part, "list<" + part + ">", "tuple<" + part + ">"}) {
      const ValueType both = *value_type_from_text(type);
      functions.push_back({type, std::vector<WasmParam>(20, {"p", both}), {both}});
    }
  }
  const WasmMetaData meta_data = module_with(std::move(functions));
  const std::size_t size = module_document(meta_data).size();
  EXPECT_LE(size, module_document_size(*meta_data.info));
  EXPECT_GT(size, module_document_size(*meta_data.info) / 10);
}

}  // namespace
}  // namespace wasm_server

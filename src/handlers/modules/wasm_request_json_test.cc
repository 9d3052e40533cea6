#include "handlers/modules/wasm_request_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wasm_server {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

std::string why(std::string_view body) {
  const auto request = parse_wasm_request_json(body);
  if (request) return "accepted";
  EXPECT_EQ(request.error().code, ErrorCode::kBadRequest);
  return request.error().message;
}

TEST(WasmRequestJson, ReadsEveryField) {
  const auto request = parse_wasm_request_json(R"({
    "wasm": "AGFzbQ==", "function": "add", "id": "x",
    "param": [{"name": "a", "param_type": "i64"}, {"name": "b"}],
    "labels": {"team": "maths"},
    "limits": {"timeout_ms": 1, "memory_bytes": 2, "output_bytes": 3, "max_concurrency": 0, "max_queue": 5},
    "env": {"K": "V"}, "args": ["-v", ""], "output_types": ["text/html"],
    "egress": ["api.example.org"],
    "revision": 18446744073709551615})");
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->wasm, Bytes("\0asm", 4));
  EXPECT_EQ(request->function, "add");
  EXPECT_EQ(request->id, "x");
  ASSERT_EQ(request->param->size(), 2U);
  EXPECT_EQ(request->param->at(0).name, "a");
  EXPECT_EQ(request->param->at(0).param_type, ValueType::kI64);
  EXPECT_EQ(request->param->at(1).param_type, std::nullopt);
  EXPECT_THAT(*request->labels, ElementsAre(Pair("team", "maths")));
  EXPECT_EQ(*request->limits, (ModuleLimits{1, 2, 3, 0, 5}));
  EXPECT_THAT(*request->env, ElementsAre(Pair("K", "V")));
  EXPECT_THAT(*request->args, ElementsAre("-v", ""));
  EXPECT_THAT(*request->output_types, ElementsAre("text/html"));
  EXPECT_THAT(*request->egress, ElementsAre("api.example.org"));
  EXPECT_EQ(request->revision, 18446744073709551615U);
}

TEST(WasmRequestJson, LeavesEmptyWhatIsLeftOut) {
  const auto request = parse_wasm_request_json("{}");
  ASSERT_TRUE(request);
  EXPECT_FALSE(request->wasm || request->function || request->id || request->param ||
               request->labels || request->limits || request->env || request->args ||
               request->revision);
  EXPECT_EQ(parse_wasm_request_json(R"({"limits":{"max_queue":1}})")->limits->timeout_ms,
            std::nullopt);
}

TEST(WasmRequestJson, NamesAnUnknownField) {
  EXPECT_THAT(why(R"({"wasm":"","functoin":"f"})"), HasSubstr("\"functoin\""));
  EXPECT_THAT(why(R"({"limits":{"time":1}})"), HasSubstr("\"limits.time\""));
  EXPECT_THAT(why(R"({"param":[{"name":"a"},{"name":"b","type":"i32"}]})"),
              HasSubstr("\"param[1].type\""));
}

TEST(WasmRequestJson, NamesAFieldOfTheWrongType) {
  EXPECT_THAT(why("[]"), HasSubstr("must be an object"));
  EXPECT_THAT(why(R"({"wasm":1})"), HasSubstr("wasm must be"));
  EXPECT_THAT(why(R"({"wasm":"AGFzbQ"})"), HasSubstr("base64"));
  EXPECT_THAT(why(R"({"function":null})"), HasSubstr("function must be a string"));
  EXPECT_THAT(why(R"({"labels":{"a":1}})"), HasSubstr("labels.a must be a string"));
  EXPECT_THAT(why(R"({"labels":[]})"), HasSubstr("labels must be an object"));
  const std::string name(4'000, 'n');
  for (const std::string& body : {"{\"labels\":{\"" + name + "\":1}}", "{\"" + name + "\":1}"}) {
    EXPECT_THAT(why(body), HasSubstr("nnn"));
    EXPECT_LT(why(body).size(), 250U);
  }
  EXPECT_THAT(why(R"({"env":{"a":null}})"), HasSubstr("env.a"));
  EXPECT_THAT(why(R"({"args":["a",2]})"), HasSubstr("args[1] must be a string"));
  EXPECT_THAT(why(R"({"param":[{"param_type":"i32"}]})"), HasSubstr("param[0].name"));
  EXPECT_THAT(why(R"({"param":[{"name":"a","param_type":"int"}]})"),
              HasSubstr("param[0].param_type must be one of i32"));
}

TEST(WasmRequestJson, TakesOnlyWholeNumbersThatFit) {
  for (const char* number : {"-1", "1.0", "1e3", "\"1\"", "18446744073709551616", "null"}) {
    EXPECT_THAT(why("{\"revision\":" + std::string(number) + "}"),
                HasSubstr("revision must be an integer"))
        << number;
  }
}

}  // namespace
}  // namespace wasm_server

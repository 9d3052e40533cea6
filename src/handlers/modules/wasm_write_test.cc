#include "handlers/modules/wasm_write.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/base64.h"
#include "handlers/handler_test.h"

namespace wasm_server {
namespace {

using testing::HasSubstr;
using testing_engine::wasm_of;

constexpr std::string_view kAdd =
    "(module (func (export \"add\") (param $a i32) (param $b i32) (result i32)"
    " (i32.add (local.get $a) (local.get $b))) (func (export \"zero\")))";
constexpr std::string_view kSub = "(module (func (export \"sub\")))";
const HandlerTest::Headers kJson = {{"Content-Type", "application/json"}};

class WasmWrite : public HandlerTest {
 protected:
  std::string etag(const std::string& id) {
    return call("HEAD", "/wasm/" + id + "?wasm=false").header("etag");
  }
  std::string run_function(const TestReply& reply) {
    return std::string(json(reply).at("meta_data").at("run_function").as_string());
  }
};

TEST_F(WasmWrite, AnswersAPostWithTheResourceAndWhereItIs) {
  const TestReply reply = add("add", kAdd, "&function=add");
  ASSERT_EQ(reply.status, 201U) << reply.body;
  EXPECT_EQ(reply.header("location"), "/wasm/add");
  const auto meta_data = json(reply).at("meta_data");
  EXPECT_EQ(meta_data.at("run_function"), "add");
  EXPECT_EQ(meta_data.at("size").to_number<std::size_t>(), wasm_of(kAdd).size());
  EXPECT_EQ(meta_data.at("param").at(1).at("name"), "b");
  EXPECT_EQ(meta_data.at("revision"), 1);
  EXPECT_FALSE(json(reply).as_object().contains("wasm"));
  EXPECT_EQ(reply.header("etag"), etag("add"));
  EXPECT_EQ(*store_.read_code(sha256(wasm_of(kAdd))).value(), wasm_of(kAdd));
}

TEST_F(WasmWrite, TakesAJsonWasmRequest) {
  const std::string body =
      R"({"id":"j","wasm":")" + encode_base64(wasm_of(kAdd)) +
      R"(","function":"add","param":[{"name":"x"},{"name":"y"}],"labels":{"a":"b"}})";
  const TestReply reply = call("POST", "/wasm?id=ignored&function=ignored", body, kJson);
  ASSERT_EQ(reply.status, 201U) << reply.body;
  EXPECT_EQ(json(reply).at("id"), "j");
  EXPECT_EQ(json(reply).at("meta_data").at("param").at(0).at("name"), "x");
  EXPECT_EQ(json(reply).at("meta_data").at("labels").at("a"), "b");
}

TEST_F(WasmWrite, MakesAnIdAndSaysWhichConflicts) {
  const TestReply reply =
      call("POST", "/wasm", wasm_of(kAdd), {{"Content-Type", "application/wasm"}});
  ASSERT_EQ(reply.status, 201U);
  const std::string id(json(reply).at("id").as_string());
  EXPECT_EQ(call("GET", "/wasm/" + id).status, 200U);
  const TestReply again = add(id, kAdd);
  EXPECT_EQ(again.status, 409U);
  EXPECT_EQ(code_of(again), "conflict");
}

TEST_F(WasmWrite, StoresNothingOfWhatItRefuses) {
  const HandlerTest::Headers wasm_type = {{"Content-Type", "application/wasm"}};
  EXPECT_EQ(call("POST", "/wasm", "not wasm", wasm_type).status, 422U);
  EXPECT_EQ(code_of(call("POST", "/wasm", "", wasm_type)), "invalid-module");
  EXPECT_EQ(call("POST", "/wasm", "{}", kJson).status, 400U);
  EXPECT_EQ(call("POST", "/wasm", "x", {{"Content-Type", "text/plain"}}).status, 415U);
  EXPECT_EQ(add("x", kAdd, "&function=nobody").status, 400U);
  EXPECT_EQ(add("%20", kAdd).status, 400U);
  const std::string limits =
      R"({"id":"x","limits":{"timeout_ms":300001},"wasm":")" + encode_base64(wasm_of(kAdd)) + "\"}";
  EXPECT_THAT(call("POST", "/wasm", limits, kJson).body, HasSubstr("limits.timeout_ms"));
  EXPECT_TRUE(store_.list({})->items.empty());
}

TEST_F(WasmWrite, ChangesOnlyWhatAPutNames) {
  add("x", kAdd, "&function=add");
  const TestReply renamed = call("PUT", "/wasm/x", R"({"function":"zero"})", kJson);
  ASSERT_EQ(renamed.status, 200U) << renamed.body;
  EXPECT_EQ(run_function(renamed), "zero");
  EXPECT_EQ(json(renamed).at("meta_data").at("revision"), 2);
  EXPECT_EQ(renamed.header("etag"), etag("x"));
  EXPECT_EQ(run_function(call("PUT", "/wasm/x?function=add", "")), "add");
  const TestReply recoded = call("PUT", "/wasm/x", kSub, {{"Content-Type", "text/wat"}});
  EXPECT_EQ(run_function(recoded), "sub") << "chosen anew";
  const TestReply back = call("PUT", "/wasm/x", R"({"revision":1})", kJson);
  EXPECT_EQ(run_function(back), "add");
  EXPECT_EQ(json(back).at("meta_data").at("revision"), 5);
}

TEST_F(WasmWrite, RefusesAPutThatDoesNotFit) {
  EXPECT_EQ(call("PUT", "/wasm/x", R"({"labels":{}})", kJson).status, 404U);
  add("x", kAdd);
  EXPECT_EQ(call("PUT", "/wasm/x", R"({"function":"nobody"})", kJson).status, 400U);
  EXPECT_EQ(call("PUT", "/wasm/x", R"({"id":"y"})", kJson).status, 400U);
  EXPECT_EQ(call("PUT", "/wasm/x", R"({"revision":9})", kJson).status, 404U);
  EXPECT_EQ(call("PUT", "/wasm/x", "", {}).status, 415U);
  EXPECT_EQ(store_.find("x").value()->revision, 1U);
}

TEST_F(WasmWrite, DeletesOnceAndForGood) {
  add("x", kAdd);
  const TestReply reply = call("DELETE", "/wasm/x");
  EXPECT_EQ(reply.status, 204U);
  EXPECT_EQ(reply.body, "");
  EXPECT_EQ(call("GET", "/wasm/x").status, 404U);
  EXPECT_EQ(call("DELETE", "/wasm/x").status, 404U);
}

TEST_F(WasmWrite, HoldsPreconditions) {
  add("x", kAdd);
  const std::string first = etag("x");
  EXPECT_EQ(call("PUT", "/wasm/x", "{}", {kJson[0], {"If-Match", "\"other\""}}).status, 412U);
  EXPECT_EQ(call("PUT", "/wasm/x", "{}", {kJson[0], {"If-Match", first}}).status, 200U);
  EXPECT_EQ(call("DELETE", "/wasm/x", "", {{"If-Match", first}}).status, 412U);
  EXPECT_EQ(call("DELETE", "/wasm/x", "", {{"If-Match", "nonsense"}}).status, 400U);
  const std::string of_raw =
      call("HEAD", "/wasm/x", "", {{"Accept", "application/wasm"}}).header("etag");
  EXPECT_NE(of_raw, etag("x"));
  EXPECT_EQ(call("DELETE", "/wasm/x", "", {{"If-Match", of_raw}}).status, 204U);
  const HandlerTest::Headers only_new = {{"Content-Type", "text/wat"}, {"If-None-Match", "*"}};
  EXPECT_EQ(call("POST", "/wasm?id=x", kAdd, only_new).status, 201U);
  EXPECT_EQ(call("POST", "/wasm?id=x", kAdd, only_new).status, 412U);
}

TEST_F(WasmWrite, ChecksLargeBodiesInThePoolWithTheSameAnswers) {
  const std::string data = "(module (memory 10) (data (i32.const 0) \"" +
                           std::string(200'000, 'x') + "\") (func (export \"f\")))";
  EXPECT_EQ(add("large", data).status, 201U);
  EXPECT_EQ(call("GET", "/wasm/large", "", {{"Accept", "application/wasm"}}).body, wasm_of(data));
  EXPECT_EQ(add("bad", "(oops)" + std::string(200'000, ' ')).status, 422U);
  helpers_.stop();
  const TestReply refused = add("later", data);
  EXPECT_EQ(refused.status, 503U);
  EXPECT_NE(refused.header("retry-after"), "");
  EXPECT_EQ(add("small", kAdd).status, 201U);
}

TEST_F(WasmWrite, SaysSoWhenTheChannelIsClosed) {
  channel_.close();
  EXPECT_EQ(code_of(add("x", kAdd)), "overloaded");
  EXPECT_EQ(call("DELETE", "/wasm/x").status, 503U);
}

TEST_F(WasmWrite, HasItCompiledInTheBackground) {
  add("x", kAdd);
  const Digest digest = sha256(wasm_of(kAdd));
  while (!artefacts_->contains(digest)) std::this_thread::yield();
  SUCCEED();
}

}  // namespace
}  // namespace wasm_server

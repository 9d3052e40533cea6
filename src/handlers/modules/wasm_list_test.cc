#include "handlers/modules/wasm_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/base64.h"
#include "handlers/handler_test.h"
#include "testing/modules.h"

namespace wasm_server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class WasmList : public HandlerTest {
 protected:
  void put(const std::string& id, const std::string& team) {
    const std::string body = R"({"id":")" + id + R"(","labels":{"team":")" + team +
                             R"("},"wasm":")" + encode_base64(testing_engine::wasm_of("(module)")) +
                             "\"}";
    EXPECT_EQ(call("POST", "/wasm", body, {{"Content-Type", "application/json"}}).status, 201U);
  }

  static std::vector<std::string> ids(const TestReply& reply) {
    std::vector<std::string> found;
    const auto page = json(reply);
    for (const auto& item : page.at("items").as_array())
      found.emplace_back(item.at("id").as_string());
    return found;
  }
};

TEST_F(WasmList, IsEmptyAtFirst) {
  const TestReply reply = call("GET", "/wasm");
  EXPECT_EQ(reply.body, R"({"items":[]})");
  EXPECT_EQ(reply.header("link"), "");
}

TEST_F(WasmList, ShowsTheResourcesWithoutTheirCode) {
  put("x", "a");
  const auto item = json(call("GET", "/wasm")).at("items").at(0);
  EXPECT_EQ(boost::json::serialize(item.at("meta_data").at("labels")), R"({"team":"a"})");
  EXPECT_FALSE(item.as_object().contains("wasm"));
}

TEST_F(WasmList, FiltersAndRefuses) {
  put("a1", "a");
  put("a2", "b");
  put("b1", "a");
  EXPECT_THAT(ids(call("GET", "/wasm")), ElementsAre("a1", "a2", "b1"));
  EXPECT_THAT(ids(call("GET", "/wasm?prefix=a")), ElementsAre("a1", "a2"));
  EXPECT_THAT(ids(call("GET", "/wasm?label=team=a")), ElementsAre("a1", "b1"));
  EXPECT_THAT(ids(call("GET", "/wasm?after=a1&label=team=a")), ElementsAre("b1"));
  EXPECT_THAT(ids(call("GET", "/wasm?kind=command")), IsEmpty());
  EXPECT_THAT(ids(call("GET", "/wasm?kind=component")), IsEmpty());
  EXPECT_EQ(call("GET", "/wasm?kind=x").status, 400U);
  EXPECT_EQ(call("GET", "/wasm?limit=0").status, 400U);
}

TEST_F(WasmList, LosesNoItemOfALongList) {
  std::vector<std::string> expected;
  for (int i = 100; i < 250; ++i) {
    WasmMetaData meta_data = make_meta_data("m" + std::to_string(i), "code");
    expected.push_back(meta_data.id);
    ASSERT_TRUE(put_module(*test_store_, meta_data, "code"));
  }
  EXPECT_EQ(ids(call("GET", "/wasm?limit=1000")), expected);
  const TestReply first = call("GET", "/wasm?limit=128");
  EXPECT_EQ(json(first).at("next"), "m227");
  EXPECT_EQ(ids(call("GET", "/wasm?limit=128&after=m227")).front(), "m228");
  EXPECT_FALSE(json(call("GET", "/wasm?limit=150")).as_object().contains("next"));
}

TEST_F(WasmList, EndsAPageEarlyThatWouldBeTooLong) {
  for (const char* id : {"a", "b", "c"}) {
    WasmMetaData meta_data = make_meta_data(id, "code");
    ModuleInfo info = *meta_data.info;
    info.functions[0].name = std::string(600U << 10, 'f');
    meta_data.info = info;
    ASSERT_TRUE(put_module(*test_store_, meta_data, "code"));
  }
  const TestReply first = call("GET", "/wasm");
  EXPECT_EQ(json(first).at("next"), "b");
  EXPECT_THAT(ids(first), ElementsAre("a", "b"));
  EXPECT_THAT(ids(call("GET", "/wasm?after=b")), ElementsAre("c"));
}

// 24 MB of records, which the loop does not look at: it hands them on, in turns.
TEST_F(WasmList, FindsWhatFewOfManyBytesAre) {
  WasmMetaData meta_data = make_meta_data("m", "code");
  ModuleInfo info = *meta_data.info;
  info.functions[0].name = std::string(400U << 10, 'f');
  meta_data.info = info;
  for (int i = 100; i < 160; ++i) {
    meta_data.id = "m" + std::to_string(i);
    meta_data.labels = {{"team", i == 107 || i == 150 || i == 159 ? "few" : "many"}};
    ASSERT_TRUE(put_module(*test_store_, meta_data, "code"));
  }
  EXPECT_THAT(ids(call("GET", "/wasm?label=team=few")), ElementsAre("m107", "m150", "m159"));
  EXPECT_THAT(ids(call("GET", "/wasm?label=team=none")), ElementsAre());
  const TestReply two = call("GET", "/wasm?label=team=few&limit=2");
  EXPECT_THAT(ids(two), ElementsAre("m107", "m150"));
  const std::string next(json(two).at("next").as_string());
  EXPECT_THAT(ids(call("GET", "/wasm?label=team=few&after=" + next)), ElementsAre("m159"));
  const TestReply three = call("GET", "/wasm?label=team=few&limit=3");
  EXPECT_FALSE(json(three).as_object().contains("next"));
}

TEST_F(WasmList, LinksItsPagesUntilTheLast) {
  for (const char* id : {"a1", "a2", "a3", "a4", "a5", "b1"}) put(id, "t");
  std::string target = "/wasm?limit=2&prefix=a&label=team=t";
  std::vector<std::string> seen;
  for (int pages = 0; pages < 5 && !target.empty(); ++pages) {
    const TestReply reply = call("GET", target);
    for (const std::string& id : ids(reply)) seen.push_back(id);
    const std::string link = reply.header("link");
    const bool more = json(reply).as_object().contains("next");
    EXPECT_EQ(more, !link.empty());
    target = more ? link.substr(1, link.find('>') - 1) : "";
  }
  EXPECT_THAT(seen, ElementsAre("a1", "a2", "a3", "a4", "a5"));
  EXPECT_EQ(target, "");
}

}  // namespace
}  // namespace wasm_server

#include "handlers/modules/wasm_read.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/base64.h"
#include "handlers/handler_test.h"
#include "handlers/modules/blob_body.h"

namespace wasm_server {
namespace {

using testing_engine::wasm_of;

constexpr std::string_view kOne = "(module (func (export \"one\")))";
constexpr std::string_view kTwo = "(module (func (export \"two\")))";

class WasmRead : public HandlerTest {
 protected:
  // As many bytes as answers are streamed from, and more than one slice.
  std::string large_wat() {
    return "(module (memory 10) (data (i32.const 0) \"" + std::string(300'001, 'x') + "\"))";
  }

  TestReply raw(const std::string& target, const std::string& method = "GET") {
    return call(method, target, "", {{"Accept", "application/wasm"}});
  }
};

TEST_F(WasmRead, GivesTheStorageAsJson) {
  add("x", kOne);
  const TestReply reply = call("GET", "/wasm/x");
  ASSERT_EQ(reply.status, 200U);
  EXPECT_EQ(reply.header("content-type"), "application/json");
  EXPECT_EQ(reply.header("vary"), "Accept");
  EXPECT_EQ(json(reply).at("wasm").as_string(), encode_base64(wasm_of(kOne)));
  EXPECT_EQ(json(reply).at("meta_data").at("run_function"), "one");
}

TEST_F(WasmRead, LeavesOutTheCodeOnDemand) {
  add("x", kOne);
  const TestReply reply = call("GET", "/wasm/x?wasm=false");
  EXPECT_FALSE(json(reply).as_object().contains("wasm"));
  EXPECT_TRUE(json(reply).as_object().contains("meta_data"));
  EXPECT_EQ(call("GET", "/wasm/x?wasm=maybe").status, 400U);
}

TEST_F(WasmRead, GivesTheBytesAsTheyCame) {
  add("x", kOne);
  const TestReply reply = raw("/wasm/x");
  EXPECT_EQ(reply.header("content-type"), "application/wasm");
  EXPECT_EQ(reply.body, wasm_of(kOne));
  const std::string etag = reply.header("etag");
  EXPECT_NE(etag, "");
  EXPECT_NE(etag, call("GET", "/wasm/x").header("etag"));
  EXPECT_NE(etag, call("GET", "/wasm/x?wasm=false").header("etag"));
}

TEST_F(WasmRead, ChoosesTheFormByPreference) {
  add("x", kOne);
  const auto type = [this](const std::string& accept) {
    return call("GET", "/wasm/x", "", {{"Accept", accept}}).header("content-type");
  };
  EXPECT_EQ(type("*/*"), "application/json");
  EXPECT_EQ(type("application/*"), "application/json");
  EXPECT_EQ(type("application/wasm, */*;q=0.1"), "application/wasm");
  EXPECT_EQ(type("application/json;q=0.5, application/wasm"), "application/wasm");
  EXPECT_EQ(type("text/html"), "application/problem+json");
  EXPECT_EQ(call("GET", "/wasm/x", "", {{"Accept", "text/html"}}).status, 406U);
}

TEST_F(WasmRead, StreamsLargeCodeInBothForms) {
  ASSERT_EQ(add("large", large_wat()).status, 201U);
  const Bytes wasm = wasm_of(large_wat());
  ASSERT_GT(wasm.size(), kLargeBody);
  const TestReply bytes = raw("/wasm/large");
  EXPECT_EQ(bytes.body, wasm);
  EXPECT_EQ(bytes.header("content-length"), std::to_string(wasm.size()));
  const TestReply text = call("GET", "/wasm/large");
  EXPECT_EQ(json(text).at("wasm").as_string(), encode_base64(wasm));
  EXPECT_EQ(json(text).at("id"), "large");
}

TEST_F(WasmRead, AnswersHeadWithTheHeadersOfGet) {
  add("x", kOne);
  add("large", large_wat());
  wait_until_compiled(kOne);
  wait_until_compiled(large_wat());
  for (const char* id : {"x", "large"}) {
    for (const char* accept : {"application/json", "application/wasm"}) {
      const std::string target = "/wasm/" + std::string(id);
      const TestReply get = call("GET", target, "", {{"Accept", accept}});
      ASSERT_TRUE(client_->send("HEAD " + target +
                                " HTTP/1.1\r\nHost: localhost\r\nAccept: " + accept + "\r\n\r\n"));
      const auto head = client_->receive(/*to_head=*/true);
      ASSERT_TRUE(head);
      EXPECT_EQ(head->status, 200U);
      for (const char* name : {"content-length", "content-type", "etag", "vary"}) {
        EXPECT_EQ(head->header(name), get.header(name)) << name << " of " << target;
        EXPECT_NE(head->header(name), "");
      }
    }
  }
}

TEST_F(WasmRead, KeepsOlderRevisionsReadable) {
  add("x", kOne);
  ASSERT_EQ(call("PUT", "/wasm/x", kTwo, {{"Content-Type", "text/wat"}}).status, 200U);
  EXPECT_EQ(raw("/wasm/x").body, wasm_of(kTwo));
  EXPECT_EQ(raw("/wasm/x?revision=1").body, wasm_of(kOne));
  EXPECT_NE(raw("/wasm/x?revision=1").header("etag"), raw("/wasm/x").header("etag"));
  EXPECT_EQ(raw("/wasm/x?revision=3").status, 404U);
  for (const char* bad : {"0", "-1", "x", "", "1.0"}) {
    EXPECT_EQ(raw("/wasm/x?revision=" + std::string(bad)).status, 400U) << bad;
  }
}

TEST_F(WasmRead, HoldsPreconditions) {
  add("x", kOne);
  const std::string etag = call("GET", "/wasm/x").header("etag");
  const TestReply same = call("GET", "/wasm/x", "", {{"If-None-Match", "\"other\", W/" + etag}});
  EXPECT_EQ(same.status, 304U);
  EXPECT_EQ(same.body, "");
  EXPECT_EQ(same.header("etag"), etag);
  EXPECT_EQ(same.header("vary"), "Accept");
  EXPECT_EQ(call("GET", "/wasm/x", "", {{"If-None-Match", "\"other\""}}).status, 200U);
  EXPECT_EQ(call("GET", "/wasm/x", "", {{"If-Match", etag}}).status, 200U);
  EXPECT_EQ(call("GET", "/wasm/x", "", {{"If-Match", "W/" + etag}}).status, 412U);
  EXPECT_EQ(call("GET", "/wasm/x", "", {{"If-Match", "x"}}).status, 400U);
  EXPECT_EQ(call("GET", "/wasm/y", "", {{"If-None-Match", "*"}}).status, 404U);
}

TEST_F(WasmRead, RefusesLargeAnswersWhenTooManyAreHeld) {
  const std::string name(kLargeBody, 'n');
  add("wide", "(module (func (export \"" + name + "\") (export \"x" + name + "\")))");
  add("x", kOne);
  const std::string targets[] = {"/wasm/wide", "/wasm/wide?wasm=false", "/wasm",
                                 "/wasm/wide/revisions"};
  auto all = answers_.take(memory_.limit());
  ASSERT_TRUE(all);
  for (const std::string& target : targets) EXPECT_EQ(call("GET", target).status, 503U) << target;
  EXPECT_EQ(call("GET", "/wasm/x").status, 200U);
  all->release();
  for (const std::string& target : targets) EXPECT_EQ(call("GET", target).status, 200U) << target;
}

TEST_F(WasmRead, NamesTheModuleThatIsNotThere) {
  const TestReply reply = call("GET", "/wasm/nobody");
  EXPECT_EQ(reply.status, 404U);
  EXPECT_EQ(code_of(reply), "not-found");
  EXPECT_THAT(reply.body, testing::HasSubstr("nobody"));
  EXPECT_EQ(call("GET", "/wasm/nobody/revisions").status, 404U);
}

TEST_F(WasmRead, ListsRevisionsNewestFirst) {
  add("x", kOne);
  call("PUT", "/wasm/x", kTwo, {{"Content-Type", "text/wat"}});
  const auto items = json(call("GET", "/wasm/x/revisions")).at("items");
  ASSERT_EQ(items.as_array().size(), 2U);
  EXPECT_EQ(items.at(0).at("meta_data").at("revision"), 2);
  EXPECT_EQ(items.at(1).at("meta_data").at("run_function"), "one");
  EXPECT_EQ(items.at(1).at("id"), "x");
}

}  // namespace
}  // namespace wasm_server

#include "handlers/logs/logs.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "handlers/body_source_test.h"
#include "handlers/handler_test.h"
#include "handlers/logs/followed_log.h"

namespace wasm_server {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kTwo =
    "(module (func (export \"f\") (result i32) (i32.const 1)) (func (export \"g\") (unreachable)))";

class Logs : public HandlerTest {
 protected:
  void run(const std::string& function) {
    (void)call("POST", "/wasm/m", "{\"function\":\"" + function + "\"}",
               {{"Content-Type", "application/json"}, {"X-Request-Id", "of-" + function}});
  }
  boost::json::array items(const std::string& query = {}) {
    const TestReply reply = call("GET", "/wasm/m/logs" + query);
    EXPECT_EQ(reply.status, 200U) << reply.body;
    EXPECT_EQ(reply.header("cache-control"), "no-store");
    return json(reply).at("items").as_array();
  }
  std::string number_at(std::size_t place) {
    return std::to_string(items().at(place).at("number").to_number<std::uint64_t>());
  }

  Followers followers_;
};

TEST_F(Logs, SayHowEachExecutionEnded) {
  add("m", kTwo);
  run("f");
  run("g");
  const auto all = items();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].at("ended"), "returned");
  EXPECT_EQ(all[0].at("function"), "f");
  EXPECT_EQ(all[0].at("revision"), 1);
  EXPECT_FALSE(all[0].as_object().contains("request_id"));
  EXPECT_EQ(all[1].at("ended"), "guest-trap");
  EXPECT_EQ(all[1].at("request_id"), "of-g");
  EXPECT_THAT(std::string(all[1].at("detail").as_string()), HasSubstr("unreachable"));
}

TEST_F(Logs, ArePagedByNumbers) {
  add("m", kTwo);
  for (int i = 0; i < 5; ++i) run(i % 2 == 0 ? "f" : "g");
  EXPECT_EQ(items("?limit=2").at(0).at("ended"), "guest-trap") << "the newest two";
  const TestReply page = call("GET", "/wasm/m/logs?limit=2&after=" + number_at(0));
  EXPECT_EQ(json(page).at("items").as_array().size(), 2U);
  EXPECT_EQ(std::to_string(json(page).at("next").to_number<std::uint64_t>()), number_at(2));
  EXPECT_EQ(items("?after=" + number_at(4)).size(), 0U);
}

TEST_F(Logs, SayWhatIsWrongWithARequest) {
  add("m", kTwo);
  for (const char* query : {"?limit=0", "?limit=1001", "?limit=x", "?after=-1", "?follow=yes"})
    EXPECT_EQ(call("GET", "/wasm/m/logs" + std::string(query)).status, 400U) << query;
  EXPECT_EQ(call("GET", "/wasm/nobody/logs").status, 404U);
}

TEST_F(Logs, AreOfTheModuleAsItIsNow) {
  add("m", kTwo);
  run("f");
  EXPECT_EQ(call("DELETE", "/wasm/m").status, 204U);
  EXPECT_EQ(call("GET", "/wasm/m/logs").status, 404U);
  clock_.advance(std::chrono::hours(24) * 365 * 100);  // as if what ran had been long ago
  add("m", kTwo);
  ExecutionEntry former;
  former.ended_at = 1;
  former.ended = "returned";
  executions_.writer(0).add("m", former);
  EXPECT_EQ(items().size(), 0U);
}

TEST_F(Logs, AreFollowedUntilTheServerDrains) {
  add("m", kTwo);
  run("g");
  readiness_.set(false);
  auto reply = followed_log(deps_, followers_, store_.find("m").value().value(), {}, 10);
  ASSERT_TRUE(reply);
  EXPECT_EQ(followers_.count, 1U);
  std::string text;
  for (const Bytes& piece : all_pieces(*std::get<std::unique_ptr<BodySource>>(reply->body)))
    text += piece;
  EXPECT_THAT(text,
              StartsWith(":\n\nid: " + number_at(0) + "\nevent: execution\ndata: {\"number\":"));
  EXPECT_THAT(text, testing::EndsWith("}\n\n"));
  reply = Reply{};
  EXPECT_EQ(followers_.count, 0U);
}

TEST_F(Logs, AreFollowedBySoManyOnly) {
  add("m", kTwo);
  followers_.count = 256;
  const auto reply = followed_log(deps_, followers_, store_.find("m").value().value(), {}, 10);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::kOverloaded);
}

}  // namespace
}  // namespace wasm_server

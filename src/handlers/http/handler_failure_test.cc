// Handlers that give no answer, or break theirs off, and clients that leave.

#include "handlers/http/handler_failure.h"

#include "handlers/http/handler_test.h"

namespace wasm_server {
namespace {

using namespace testing_http;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

const Return kTrap{Trapped{"unreachable", "wasm `unreachable` instruction executed", {}}};

class HandlerFailure : public HttpHandlerTest {
 protected:
  void expect_problem(const std::string& id, unsigned status, std::string_view code,
                      std::string_view text = {}) {
    const auto reply = call("GET", "/http/" + id);
    EXPECT_EQ(reply.status, status) << reply.body;
    EXPECT_TRUE(has_code(reply, code)) << reply.body;
    EXPECT_NE(reply.body.find(text), reply.body.npos) << reply.body;
    EXPECT_EQ(reply.header("content-type"), "application/problem+json");
  }
  // With each way to come to it: at once, and in the background.
  void expect_both(const Script& script, unsigned status, std::string_view code,
                   std::string_view text = {}) {
    guest("now", script);
    expect_problem("now", status, code, text);
    Script later{Compute{}, Compute{}, Compute{}, Sleep{milliseconds{1}}};
    later.insert(later.end(), script.begin(), script.end());
    guest("later", later);
    expect_problem("later", status, code, text);
  }
  // An answer of which something has been sent.
  void expect_cut(const std::string& id) {
    TestClient client(server_.address());
    const auto reply = call_in_two(client, "GET /http/" + id + " HTTP/1.1\r\nHost: t\r\n\r\n");
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status, 200U);
    EXPECT_FALSE(reply->complete);
    EXPECT_EQ(reply->body, "hello");
    EXPECT_TRUE(client.closes_within(seconds{5}));
  }
};

TEST_F(HandlerFailure, NoAnswerIsABadOne) {
  expect_both({Return{}}, 502, "bad-guest-answer", "without an answer");
  expect_both({kTrap}, 502, "bad-guest-answer", "trapped");
  expect_both({Return{Refused{{ErrorCode::kBadGuestAnswer, "its own words"}}}}, 502,
              "bad-guest-answer", "its own words");
}

TEST_F(HandlerFailure, APartThatWasNotSentIsNoAnswerEither) {
  expect_both({Begin{}, Send{"hello"}, kTrap}, 502, "bad-guest-answer", "trapped");
  expect_both({Begin{}, Send{"hello"}, Return{}}, 502, "bad-guest-answer", "before its answer");
}

TEST_F(HandlerFailure, WhatIsNotHttpIsABadAnswer) {
  expect_both({Begin{103, {}}, Send{"x"}, EndAnswer{}, Return{}}, 502, "bad-guest-answer", "103");
  expect_both({Begin{600, {}}, EndAnswer{}, Return{}}, 502, "bad-guest-answer", "600");
  expect_both({Begin{200, {{"a b", "x"}}}, EndAnswer{}, Return{}}, 502, "bad-guest-answer", "a b");
  expect_both({Begin{200, {{"a", "x\r\nb: y"}}}, EndAnswer{}, Return{}}, 502, "bad-guest-answer");
  // It does not help that it goes on.
  guest("on", {Begin{99, {}}, Send{"x", 1'000}, Sleep{hours{1}}});
  expect_problem("on", 502, "bad-guest-answer", "99");
  EXPECT_TRUE(eventually_ends_as("on", "cancelled"));
}

TEST_F(HandlerFailure, OtherEndsHaveTheirOwnCodes) {
  expect_both({Return{Refused{{ErrorCode::kOutputLimit, "too much"}}}}, 422, "output-limit");
  expect_both({Return{Refused{{ErrorCode::kOverloaded, "full"}}}}, 503, "overloaded");
  expect_both({Return{Refused{{ErrorCode::kMemoryLimit, "too much"}}}}, 422, "memory-limit");
}

TEST_F(HandlerFailure, TheDeadlineCoversWhateverItWaitsFor) {
  guest("sleeps", {Sleep{hours{1}}}, milliseconds{50});
  expect_problem("sleeps", 504, "deadline-exceeded");
  guest("spins", {Compute{}}, milliseconds{50});
  expect_problem("spins", 504, "deadline-exceeded");
  guest("reads", {Drain{}, Return{}}, milliseconds{50});
  guest("reads_later", {Compute{}, Compute{}, Compute{}, Drain{}, Return{}}, milliseconds{50});
  for (const char* id : {"reads", "reads_later"}) {
    TestClient client(server_.address());
    client.send("POST /http/" + std::string(id) +
                " HTTP/1.1\r\nHost: t\r\nContent-Length: 9\r\n\r\nhalf");
    const auto reply = client.receive();
    ASSERT_TRUE(reply) << id;
    EXPECT_EQ(reply->status, 504U) << id;
  }
}

TEST_F(HandlerFailure, AnAnswerThatHasBegunIsCut) {
  guest("trap", {Begin{}, Send{"hello"}, AwaitGo{}, kTrap});
  expect_cut("trap");
  guest("ends", {Begin{}, Send{"hello"}, AwaitGo{}, Return{}});
  expect_cut("ends");
  guest("sleeps", {Begin{}, Send{"hello"}, Sleep{hours{1}}}, seconds{1});
  expect_cut("sleeps");
  EXPECT_EQ(ends("sleeps"), std::vector<std::string>{"deadline-exceeded"});
}

TEST_F(HandlerFailure, ATrapBehindTheEndOfTheAnswerIsNotTheClients) {
  guest("a", {Begin{}, Send{"hello"}, EndAnswer{}, Sleep{milliseconds{20}}, kTrap});
  EXPECT_EQ(call("GET", "/http/a").body, "hello");
  EXPECT_TRUE(eventually_ends_as("a", "guest-trap"));
}

TEST_F(HandlerFailure, AClientThatLeavesStopsItsGuest) {
  guest("before", {Sleep{hours{1}}}, hours{1});
  guest("reading", {Drain{}, Return{}}, hours{1});
  guest("writing", {Begin{}, Send{std::string(10'000, 'x'), SIZE_MAX}}, hours{1});
  for (const char* id : {"before", "reading", "writing"}) {
    TestClient client(server_.address());
    client.send("POST /http/" + std::string(id) +
                " HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\nxx");
    ASSERT_TRUE(eventually([&] { return admission_.running() == 1; })) << id;
    client.reset();
    EXPECT_TRUE(eventually_ends_as(id, "cancelled")) << id;
    EXPECT_EQ(admission_.running(), 0U);
  }
}

// As a program does that has ended: nothing of its connection says so before it is asked.
TEST_F(HandlerFailure, AClientThatClosesInGoodOrderIsMissedSoon) {
  guest("sleeps", {Sleep{hours{1}}}, hours{1});
  for (const bool has_body : {false, true}) {
    std::optional<TestClient> client(server_.address());
    client->send(
        "POST /http/sleeps HTTP/1.1\r\nHost: t\r\nContent-Length: " +
        std::string(has_body ? "200000\r\n\r\n" + std::string(100'000, 'x') : "0\r\n\r\n"));
    ASSERT_TRUE(eventually([&] { return admission_.running() == 1; }));
    client.reset();
    EXPECT_TRUE(eventually([&] { return admission_.running() == 0; })) << has_body;
  }
}

// One that is silent is asked after its client as well.
TEST_F(HandlerFailure, AClientThatLeavesAfterTheHeadStopsItsGuest) {
  guest("silent", {Begin{}, Sleep{hours{1}}}, hours{1});
  TestClient client(server_.address());
  client.send("GET /http/silent HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_FALSE(client.receive_raw(1).empty());
  client.reset();
  EXPECT_TRUE(eventually_ends_as("silent", "cancelled"));
}

TEST_F(HandlerFailure, ABodyThatIsNoneIsAnswered) {
  guest("reads", {Drain{}, Sleep{hours{1}}}, hours{1});
  client_->send(
      "POST /http/reads HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\nno");
  client_->send(" chunk\r\n\r\n");
  const auto reply = client_->receive();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 400U);
  EXPECT_TRUE(eventually_ends_as("reads", "cancelled"));
}

TEST_F(HandlerFailure, AFullServerSaysSo) {
  guest("sleeps", {Sleep{hours{1}}}, hours{1});
  std::vector<TestClient> clients;
  for (int i = 0; i < 16; ++i) {
    clients.emplace_back(server_.address());
    clients.back().send("GET /http/sleeps HTTP/1.1\r\nHost: t\r\n\r\n");
  }
  ASSERT_TRUE(eventually([&] { return admission_.waiting() == 8; }));
  const auto reply = call("GET", "/http/sleeps");
  EXPECT_EQ(reply.status, 503U);
  EXPECT_TRUE(has_code(reply, "overloaded"));
}

}  // namespace
}  // namespace wasm_server

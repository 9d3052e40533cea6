// Bodies on their way to a handler and back.

#include <thread>

#include "handlers/http/handler_call.h"
#include "handlers/http/handler_test.h"
#include "testing/http_test_server.h"

namespace wasm_server {
namespace {

using namespace testing_http;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kLarge = 20U << 20;

class HandlerBody : public HttpHandlerTest {
 protected:
  static std::string head(const std::string& id, const std::string& fields) {
    return "POST /http/" + id + " HTTP/1.1\r\nHost: t\r\n" + fields + "\r\n\r\n";
  }
  static std::string sized(const std::string& id, std::size_t size) {
    return head(id, "Content-Length: " + std::to_string(size));
  }
  void set_echo() { guest("echo", {Begin{}, Echo{}, EndAnswer{}, Return{}}, hours{1}); }
};

std::string chunk(std::string_view data) {
  char size[32];
  std::snprintf(size, sizeof size, "%zx\r\n", data.size());
  return std::string(size).append(data) + "\r\n";
}

TEST_F(HandlerBody, SmallOnesPassInOneSlice) {
  set_echo();
  const auto reply = call("POST", "/http/echo", "hello");
  EXPECT_EQ(reply.body, "hello");
  EXPECT_EQ(reply.header("content-length"), "5");
  EXPECT_EQ(trace_->steps, 1U) << "it was there";
  EXPECT_EQ(call("POST", "/http/echo").body, "");
}

TEST_F(HandlerBody, LargeOnesComeBackByteForByte) {
  set_echo();
  guest("later", {Compute{}, Compute{}, Compute{}, Begin{}, Echo{}, EndAnswer{}, Return{}},
        hours{1});
  for (const char* id : {"echo", "later"}) {
    std::jthread sender([this, id] {
      client_->send(sized(id, kLarge));
      for (std::size_t sent = 0; sent < kLarge; sent += 1U << 20)
        client_->send(pattern(1U << 20, sent));
    });
    const auto reply = client_->receive();
    ASSERT_TRUE(reply && reply->complete) << id;
    EXPECT_TRUE(reply->body == pattern(kLarge)) << id;
  }
}

TEST_F(HandlerBody, LargeOnesComeBackToAClientThatIsSlowBothWays) {
  guest("echo",
        {Begin{200, {{"Content-Length", std::to_string(kLarge)}}}, Echo{}, EndAnswer{}, Return{}},
        hours{1});
  client_->set_receive_buffer(65'536);
  std::jthread sender([this] {
    client_->send(sized("echo", kLarge));
    for (std::size_t sent = 0; sent < kLarge; sent += 256U << 10) {
      client_->send(pattern(256U << 10, sent));
      std::this_thread::sleep_for(milliseconds{2});
    }
  });
  std::string all;
  while (all.size() < kLarge || all.size() < all.find("\r\n\r\n") + 4 + kLarge) {
    const std::string piece = client_->receive_raw(1U << 20);
    ASSERT_FALSE(piece.empty()) << all.size();
    all += piece;
    std::this_thread::sleep_for(milliseconds{1});
  }
  EXPECT_TRUE(all.substr(all.find("\r\n\r\n") + 4) == pattern(kLarge));
}

TEST_F(HandlerBody, ChunksOfAnySizePass) {
  set_echo();
  const std::string body = pattern(300'000);
  for (const std::size_t size : {7U, 1000U, 70'000U, 300'000U}) {
    std::jthread sender([&] {
      client_->send(head("echo", "Transfer-Encoding: chunked"));
      std::string all;
      for (std::size_t at = 0; at < body.size(); at += size) all += chunk(body.substr(at, size));
      client_->send(all + "0\r\n\r\n");
    });
    const auto reply = client_->receive();
    ASSERT_TRUE(reply && reply->complete) << size;
    EXPECT_TRUE(reply->body == body) << size;
  }
}

TEST_F(HandlerBody, AClientThatSendsSlowlyIsWaitedFor) {
  set_echo();
  client_->send(sized("echo", 10));
  for (const char c : std::string("0123456789")) {
    std::this_thread::sleep_for(milliseconds{10});
    client_->send(std::string(1, c));
  }
  EXPECT_EQ(client_->receive()->body, "0123456789");
}

// It may send the next piece only when it has the last one back.
TEST_F(HandlerBody, WhatIsWrittenIsSentWhileMoreIsAwaited) {
  set_echo();
  client_->send(head("echo", "Transfer-Encoding: chunked"));
  std::string all;
  const auto expect = [&](const std::string& text) {
    while (all.find(text) == all.npos) {
      const std::string piece = client_->receive_raw(4096);
      ASSERT_FALSE(piece.empty()) << all;
      all += piece;
    }
  };
  for (const std::string text : {"first", "second", "third"}) {
    client_->send(chunk(text));
    ASSERT_NO_FATAL_FAILURE(expect(text));
  }
  client_->send("0\r\n\r\n");
  ASSERT_NO_FATAL_FAILURE(expect("0\r\n\r\n"));
}

// A guest that waits for the client and for the time as well.
TEST_F(HandlerBody, WhatIsWrittenMeanwhileIsSentAtOnce) {
  guest(
      "a",
      {Begin{}, EchoPiece{}, Sleep{milliseconds{30}}, Send{"later"}, Echo{}, EndAnswer{}, Return{}},
      hours{1});
  client_->send(sized("a", 100) + "x");
  std::string all;
  while (all.find("later") == all.npos) {
    const std::string piece = client_->receive_raw(4096);
    ASSERT_FALSE(piece.empty()) << all;
    all += piece;
  }
}

TEST_F(HandlerBody, AClientThatDoesNotReadStopsTheGuest) {
  guest("writes", {Begin{}, Send{std::string(16'384, 'x'), SIZE_MAX}}, hours{1});
  client_->set_receive_buffer(65'536);
  client_->send("GET /http/writes HTTP/1.1\r\nHost: t\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return trace_->written > 0; }));
  std::size_t before = 0;
  do {
    before = trace_->written;
    std::this_thread::sleep_for(milliseconds{200});
  } while (trace_->written > before);
  EXPECT_LT(before, 16U << 20) << "the kernel's buffers and ours";
  std::size_t read = 0;
  while (read < 2 * before) {
    const std::size_t n = client_->receive_raw(1U << 20).size();
    ASSERT_GT(n, 0U);
    read += n;
  }
}

TEST_F(HandlerBody, AGuestThatDoesNotReadStopsTheClient) {
  guest("reads", {Begin{}, EchoPiece{}, Sleep{hours{1}}}, hours{1});
  client_->send(sized("reads", kLarge * 4));
  std::atomic<std::size_t> sent{0};
  std::jthread sender([&](const std::stop_token& stop) {
    const std::string piece(65'536, 'x');
    while (!stop.stop_requested() && client_->send(piece)) sent += piece.size();
  });
  std::size_t before = 0;
  do {
    before = sent;
    std::this_thread::sleep_for(milliseconds{200});
  } while (sent > before || before == 0);
  EXPECT_LT(before, kLarge) << "the kernel's buffers and ours";
  EXPECT_LE(trace_->read, 65'536U);
  sender.request_stop();
  server_.stop_accepting();
  server_.drain(milliseconds{0});  // ends the send that waits
}

TEST_F(HandlerBody, ABodyThatNobodyReadsIsNotInTheWay) {
  guest("ignores", {Begin{}, Send{"ignored"}, EndAnswer{}, Return{}});
  EXPECT_EQ(call("POST", "/http/ignores", pattern(1000)).body, "ignored");
  EXPECT_EQ(call("POST", "/http/ignores", pattern(1000)).body, "ignored") << "on one connection";
  TestClient client(server_.address());
  client.send(sized("ignores", 1'000'000));
  EXPECT_EQ(client.receive()->body, "ignored");
  EXPECT_TRUE(client.closes_within(seconds{5}));
}

TEST_F(HandlerBody, AClientIsToldToGoOnWhenTheGuestFirstReads) {
  guest("sleeps", {Sleep{milliseconds{100}}, Begin{}, Echo{}, EndAnswer{}, Return{}});
  client_->send(head("sleeps", "Content-Length: 4\r\nExpect: 100-continue"));
  EXPECT_EQ(client_->receive()->status, 100U);
  EXPECT_GE(trace_->steps, 2U);
  client_->send("body");
  EXPECT_EQ(client_->receive()->body, "body");

  guest("late", {Begin{}, Send{"early"}, AwaitGo{}, Echo{}, EndAnswer{}, Return{}});
  client_->send(head("late", "Content-Length: 4\r\nExpect: 100-continue"));
  std::string all;
  while (all.find("early") == all.npos) {
    const std::string piece = client_->receive_raw(4096);
    ASSERT_FALSE(piece.empty()) << all;
    all += piece;
  }
  trace_->go = true;
  std::this_thread::sleep_for(milliseconds{100});
  client_->send("body");
  while (all.find("\r\n0\r\n") == all.npos) {
    const std::string piece = client_->receive_raw(4096);
    ASSERT_FALSE(piece.empty()) << all;
    all += piece;
  }
  EXPECT_EQ(all.find("HTTP/1.1 100"), all.npos) << "an answer was on its way";

  guest("ignores", {Sleep{milliseconds{10}}, Begin{}, Send{"ignored"}, EndAnswer{}, Return{}});
  client_->send(head("ignores", "Content-Length: 4\r\nExpect: 100-continue"));
  const auto ignored = client_->receive();
  EXPECT_EQ(ignored->status, 200U) << "nobody asked for the body";
  EXPECT_EQ(ignored->body, "ignored");
}

}  // namespace
}  // namespace wasm_server

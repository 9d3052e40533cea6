// What a client sends while its former request is being answered: the read that watches for its
// leaving takes some of it in, and must be over before the next request's body is read.

#include <gtest/gtest.h>

#include "http/session.h"
#include "testing/eventually.h"
#include "testing/http_test_server.h"

namespace wasm_server {
namespace {

constexpr std::string_view kHeld = "GET /held HTTP/1.1\r\nHost: t\r\n\r\n";

std::string post_head(std::string_view framing) {
  return "POST /echo HTTP/1.1\r\nHost: t\r\n" + std::string(framing) + "\r\n\r\n";
}

struct Framed {
  const char* name;
  std::string head;
  std::string body;  // as sent
};

void PrintTo(const Framed& request, std::ostream* out) { *out << request.name; }

class SessionReadAhead : public testing::TestWithParam<Framed> {
 protected:
  bool is_watched() const {
    return eventually([this] { return server_.waiting() == 1; });
  }
  // Time for the server to take in what was sent; no one can see when it has.
  static void let_it_read() { std::this_thread::sleep_for(std::chrono::milliseconds(20)); }

  void expect_released() {
    server_.release();
    const auto reply = client_.receive();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->body, "released");
    let_it_read();
  }
  void expect_echo() {
    const auto reply = client_.receive();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status, 200U);
    EXPECT_TRUE(reply->body == pattern(200'000)) << reply->body.substr(0, 200);
  }

  // The body of a head that came while the former request was held.
  void expect_body_is_read() {
    let_it_read();
    ASSERT_NO_FATAL_FAILURE(expect_released());
    ASSERT_TRUE(client_.send(GetParam().body));
    expect_echo();
    EXPECT_EQ(client_.request("GET", "/healthz")->status, 200U);
  }

  TestServer server_;
  TestClient client_ = server_.connect();
};

TEST_P(SessionReadAhead, TheNextBodyIsReadAfterItsHead) {
  ASSERT_TRUE(client_.send(kHeld));
  ASSERT_TRUE(is_watched());
  ASSERT_TRUE(client_.send(GetParam().head));
  expect_body_is_read();
}

TEST_P(SessionReadAhead, TheNextBodyIsReadAfterBothHeadsCameAtOnce) {
  ASSERT_TRUE(client_.send(std::string(kHeld) + GetParam().head));
  ASSERT_TRUE(is_watched());
  expect_body_is_read();
}

TEST_P(SessionReadAhead, TheNextBodyIsReadAfterAPartOfItCameAhead) {
  ASSERT_TRUE(client_.send(kHeld));
  ASSERT_TRUE(is_watched());
  const std::string& body = GetParam().body;
  ASSERT_TRUE(client_.send(GetParam().head));
  let_it_read();
  ASSERT_TRUE(client_.send(body.substr(0, 100)));
  let_it_read();
  ASSERT_NO_FATAL_FAILURE(expect_released());
  ASSERT_TRUE(client_.send(body.substr(100)));
  expect_echo();
}

TEST_P(SessionReadAhead, TheNextHeadComesInTwoParts) {
  const std::string& head = GetParam().head;
  ASSERT_TRUE(client_.send(kHeld));
  ASSERT_TRUE(is_watched());
  ASSERT_TRUE(client_.send(head.substr(0, 30)));
  let_it_read();
  ASSERT_NO_FATAL_FAILURE(expect_released());
  ASSERT_TRUE(client_.send(head.substr(30) + GetParam().body));
  expect_echo();
}

INSTANTIATE_TEST_SUITE_P(Bodies, SessionReadAhead,
                         testing::Values(Framed{"sized", post_head("Content-Length: 200000"),
                                                pattern(200'000)},
                                         Framed{"chunked", post_head("Transfer-Encoding: chunked"),
                                                "30d40\r\n" + pattern(200'000) + "\r\n0\r\n\r\n"}));

// Such a request is answered at once, and what still comes of it is thrown away.
TEST_F(SessionReadAhead, TheNextRequestIsRefused) {
  for (const std::string& head : {post_head("Content-Length: 134217729"), post_head("X")}) {
    TestServer server;
    TestClient client = server.connect();
    ASSERT_TRUE(client.send(kHeld));
    ASSERT_TRUE(eventually([&server] { return server.waiting() == 1; }));
    ASSERT_TRUE(client.send(head));
    let_it_read();
    server.release();
    EXPECT_EQ(client.receive()->body, "released");
    let_it_read();
    EXPECT_TRUE(client.send(pattern(200'000)));
    const auto reply = client.receive();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status, head.contains("134217729") ? 413U : 400U);
    client.shut_down_sending();
    EXPECT_TRUE(client.closes_within(std::chrono::seconds(9)));
  }
}

TEST_F(SessionReadAhead, ThatAClientLeftIsNoticedBehindItsNextRequest) {
  for (const bool resets : {false, true}) {
    TestServer server;
    std::optional<TestClient> client(server.connect());
    ASSERT_TRUE(client->send(kHeld));
    ASSERT_TRUE(eventually([&server] { return server.waiting() == 1; }));
    ASSERT_TRUE(client->send("GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n"));
    let_it_read();
    if (resets) {
      client->reset();
    } else {
      client.reset();  // an orderly end
    }
    EXPECT_TRUE(eventually([&server] { return server.gone() == 1; }));
  }
}

TEST_F(SessionReadAhead, AClientThatHasSentTwoRequestsAndNoMoreGetsBothAnswers) {
  ASSERT_TRUE(client_.send(kHeld));
  ASSERT_TRUE(is_watched());
  ASSERT_TRUE(client_.send("GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n"));
  client_.shut_down_sending();
  EXPECT_EQ(client_.receive()->status, 102U);
  server_.release();
  auto reply = client_.receive();
  while (reply && reply->status == 102) reply = client_.receive();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->body, "released");
  EXPECT_EQ(client_.receive()->status, 200U);
  EXPECT_EQ(server_.gone(), 0U);
}

}  // namespace
}  // namespace wasm_server

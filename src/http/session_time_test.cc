// What becomes of clients that are slow or leave. The limits are short here; that something ends is
// waited for, not how soon.

#include <optional>

#include <gtest/gtest.h>

#include "http/session.h"
#include "testing/drip.h"
#include "testing/eventually.h"
#include "testing/http_test_server.h"

namespace wasm_server {
namespace {

constexpr std::chrono::milliseconds kShort{50};
constexpr std::chrono::seconds kLong{9};

TEST(SessionTimeouts, AnIdleConnectionIsClosedWithoutAWord) {
  HttpLimits limits;
  limits.idle_timeout = kShort;
  TestServer server(limits);
  TestClient fresh = server.connect();
  EXPECT_EQ(fresh.receive_raw(1), "");
  // Again and again, because it may be closed before its request on a busy machine.
  std::optional<TestClient> used;
  std::optional<TestReply> reply;
  ASSERT_TRUE(eventually([&] {
    reply = used.emplace(server.connect()).request("GET", "/healthz");
    return reply.has_value();
  }));
  EXPECT_EQ(reply->status, 200U);
  EXPECT_EQ(used->receive_raw(1), "");
}

TEST(SessionTimeouts, ASlowHeaderIsAnsweredAndClosed) {
  HttpLimits limits;
  limits.header_timeout = kShort;
  TestServer server(limits);
  TestClient client = server.connect();
  // Each byte comes in time for the next; it is the whole header that takes too long.
  const auto slow = drip(client, "GET / HTTP/1.1\r\nHost: t\r\nX: ");
  const auto reply = client.receive();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 408U);
  EXPECT_EQ(reply->header("connection"), "close");
}

TEST(SessionTimeouts, AStalledBodyIsAnsweredAndClosed) {
  HttpLimits limits;
  limits.read_timeout = kShort;
  TestServer server(limits);
  for (const char* framing : {"Content-Length: 10", "Transfer-Encoding: chunked"}) {
    TestClient client = server.connect();
    ASSERT_TRUE(client.send(std::string("POST /echo HTTP/1.1\r\nHost: t\r\n") + framing +
                            "\r\n\r\n5\r\nab"));
    const auto reply = client.receive();
    ASSERT_TRUE(reply) << framing;
    EXPECT_EQ(reply->status, 408U);
    client.shut_down_sending();
    EXPECT_TRUE(client.closes_within(kLong));
  }
}

TEST(SessionTimeouts, AClientThatTakesNothingIsCut) {
  HttpLimits limits;
  limits.write_timeout = kShort;
  TestServer server(limits);
  TestClient client = server.connect();
  ASSERT_TRUE(client.send("GET /stream?size=1000000000 HTTP/1.1\r\nHost: t\r\n\r\n"));
  EXPECT_EQ(client.receive_raw(1), "H");  // it has begun
  EXPECT_TRUE(eventually([&server] { return server.server().connections() == 0; }));
  EXPECT_EQ(server.open_sources(), 0U);
}

// Though it may be slow by the server's own limits.
TEST(SessionTimeouts, AClientThatTakesNothingIsCutAtTheSourcesDeadline) {
  HttpLimits limits;
  limits.write_timeout = std::chrono::hours(1);
  TestServer server(limits);
  TestClient client = server.connect();
  ASSERT_TRUE(client.send("GET /stream?size=1000000000&within_ms=50 HTTP/1.1\r\nHost: t\r\n\r\n"));
  EXPECT_EQ(client.receive_raw(1), "H");  // it has begun
  EXPECT_TRUE(eventually([&server] { return server.open_sources() == 0; }));
}

TEST(SessionTimeouts, AHandlerMayTakeLonger) {
  HttpLimits limits;
  limits.idle_timeout = limits.header_timeout = limits.read_timeout = limits.write_timeout = kShort;
  TestServer server(limits);
  // Again and again, because it may be closed before its request on a busy machine.
  std::optional<TestClient> client;
  ASSERT_TRUE(eventually([&] {
    client.emplace(server.connect());
    client->send("GET /held HTTP/1.1\r\nHost: t\r\n\r\n");
    for (int i = 0; i < 1000 && server.waiting() == 0; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return server.waiting() > 0;
  }));
  std::this_thread::sleep_for(std::chrono::milliseconds(800));  // several sweeps
  server.release();
  const auto reply = client->receive();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->body, "released");
}

bool has_waiting(const TestServer& server, std::size_t number) {
  return eventually([&] { return server.waiting() == number; });
}

TEST(SessionWatch, TellsTheHandlerThatItsClientLeft) {
  TestServer server;
  for (int i = 0; i < 4; ++i) {
    std::optional<TestClient> client(server.connect());
    ASSERT_TRUE(client->send("GET /held HTTP/1.1\r\nHost: t\r\n\r\n"));
    ASSERT_TRUE(has_waiting(server, 1));
    if (i % 2 == 0) {
      client->reset();
    } else {
      client.reset();  // an orderly end
    }
    ASSERT_TRUE(has_waiting(server, 0));
  }
  EXPECT_EQ(server.gone(), 4U);
}

// It is asked, by interim answers, whether it still waits.
TEST(SessionWatch, AClientThatHasSentAllItWantsGetsItsAnswer) {
  TestServer server;
  TestClient client = server.connect();
  ASSERT_TRUE(client.send("GET /held HTTP/1.1\r\nHost: t\r\n\r\n"));
  ASSERT_TRUE(has_waiting(server, 1));
  client.shut_down_sending();
  EXPECT_EQ(client.receive()->status, 102U);
  EXPECT_EQ(client.receive()->status, 102U);
  EXPECT_EQ(server.waiting(), 1U);
  server.release();
  auto reply = client.receive();
  while (reply && reply->status == 102) reply = client.receive();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->body, "released");
  EXPECT_TRUE(client.closes_within(std::chrono::seconds(9)));
  EXPECT_EQ(server.gone(), 0U);
}

TEST(SessionWatch, OneThatHasSentAllAndLeavesThenIsNoticed) {
  TestServer server;
  std::optional<TestClient> client(server.connect());
  ASSERT_TRUE(client->send("GET /held HTTP/1.1\r\nHost: t\r\n\r\n"));
  ASSERT_TRUE(has_waiting(server, 1));
  client->shut_down_sending();
  EXPECT_EQ(client->receive()->status, 102U);
  client.reset();
  EXPECT_TRUE(eventually([&server] { return server.gone() == 1; }));
}

// It knows no interim answers; a reset is noticed all the same.
TEST(SessionWatch, AClientOfHttp10IsNotAsked) {
  TestServer server;
  TestClient client = server.connect();
  ASSERT_TRUE(client.send("GET /held HTTP/1.0\r\n\r\n"));
  ASSERT_TRUE(has_waiting(server, 1));
  client.shut_down_sending();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_EQ(server.waiting(), 1U);
  server.release();
  const auto reply = client.receive();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 200U);
}

TEST(SessionWatch, LosesNothingOfWhatArrivesMeanwhile) {
  TestServer server;
  TestClient client = server.connect();
  ASSERT_TRUE(client.send("GET /held HTTP/1.1\r\nHost: t\r\n\r\n"));
  ASSERT_TRUE(has_waiting(server, 1));
  // In several pieces, and more than the input holds.
  std::string requests;
  for (int i = 0; i < 500; ++i)
    requests += "GET /wasm/id" + std::to_string(i) + " HTTP/1.1\r\nHost: t\r\n\r\n";
  ASSERT_TRUE(client.send(requests.substr(0, 10)));
  std::this_thread::sleep_for(std::chrono::milliseconds(10));
  ASSERT_TRUE(client.send(requests.substr(10)));
  std::this_thread::sleep_for(std::chrono::milliseconds(10));
  server.release();
  EXPECT_EQ(client.receive()->body, "released");
  for (int i = 0; i < 500; ++i) ASSERT_EQ(client.receive()->body, "id" + std::to_string(i));
  EXPECT_EQ(server.gone(), 0U);
}

TEST(SessionWatch, TheReadThatWatchesServesTheNextRequest) {
  TestServer server;
  server.release();
  TestClient client = server.connect();
  for (int i = 0; i < 50; ++i) {
    ASSERT_EQ(client.request("GET", "/held")->body, "released");
    ASSERT_EQ(client.request("POST", "/echo", pattern(10'000))->body, pattern(10'000));
  }
}

}  // namespace
}  // namespace wasm_server

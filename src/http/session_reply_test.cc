// How answers are sent.

#include <latch>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "http/session.h"
#include "testing/eventually.h"
#include "testing/http_test_server.h"

namespace wasm_server {
namespace {

class SessionReply : public testing::Test {
 protected:
  TestServer server_;
  TestClient client_ = server_.connect();
};

TEST_F(SessionReply, SendsSharedBodiesOfEverySize) {
  for (const std::size_t size : {0U, 100U, 8192U, 8193U, 5'000'000U}) {
    const auto reply = client_.request("GET", "/shared?size=" + std::to_string(size));
    ASSERT_TRUE(reply && reply->complete);
    EXPECT_TRUE(reply->body == pattern(size)) << size;
  }
}

TEST_F(SessionReply, SendsASourceOfUnknownSizeChunked) {
  for (const std::size_t size : {0U, 1U, 10'000U, 10'001U, 1'000'000U}) {
    const auto reply = client_.request("GET", "/stream?size=" + std::to_string(size));
    ASSERT_TRUE(reply && reply->complete);
    EXPECT_EQ(reply->header("transfer-encoding"), "chunked");
    EXPECT_EQ(reply->header("content-length"), "");
    EXPECT_TRUE(reply->body == pattern(size)) << size;
  }
}

TEST_F(SessionReply, SendsASourceOfKnownSizeWithItsLength) {
  const auto reply = client_.request("GET", "/stream?size=50000&known");
  EXPECT_EQ(reply->header("content-length"), "50000");
  EXPECT_EQ(reply->header("transfer-encoding"), "");
  EXPECT_TRUE(reply->body == pattern(50'000));
  EXPECT_EQ(client_.request("GET", "/stream?size=0&known")->header("content-length"), "0");
  EXPECT_EQ(client_.request("GET", "/healthz")->status, 200U);
}

TEST_F(SessionReply, SendsASourceToAnHttp10ClientUntilTheEndOfTheConnection) {
  ASSERT_TRUE(client_.send("GET /stream?size=50000 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
  const auto reply = client_.receive();
  EXPECT_EQ(reply->header("transfer-encoding"), "");
  EXPECT_EQ(reply->header("connection"), "close");
  EXPECT_TRUE(reply->body == pattern(50'000));
}

// On one connection the next request is read only when it has run.
TEST_F(SessionReply, DoesOnceWhatIsToBeDoneAfterwards) {
  EXPECT_EQ(client_.request("GET", "/afterwards?size=10")->body, pattern(10));
  EXPECT_EQ(client_.request("GET", "/healthz")->status, 200U);
  EXPECT_EQ(server_.afterwards(), 1U);
}

TEST_F(SessionReply, DoesNotWaitForASlowReaderWithWhatIsToBeDoneAfterwards) {
  constexpr std::size_t kMoreThanSocketsHold = 64U << 20;
  ASSERT_TRUE(client_.send("GET /afterwards?size=" + std::to_string(kMoreThanSocketsHold) +
                           " HTTP/1.1\r\nHost: a\r\n\r\n"));
  // Without reading anything.
  EXPECT_TRUE(eventually([this] { return server_.afterwards() > 0; }));
  EXPECT_TRUE(client_.receive()->body == pattern(kMoreThanSocketsHold));
}

TEST_F(SessionReply, AnswersHeadWithTheHeadersOfGet) {
  EXPECT_EQ(client_.request("HEAD", "/shared?size=12345")->header("content-length"), "12345");
  EXPECT_EQ(client_.request("HEAD", "/stream?size=777&known")->header("content-length"), "777");
  const auto unknown = client_.request("HEAD", "/stream?size=777");
  EXPECT_EQ(unknown->header("content-length"), "");
  EXPECT_EQ(client_.request("HEAD", "/nowhere")->status, 404U);
  EXPECT_EQ(client_.request("GET", "/wasm/a")->body, "a");  // no body was sent in between
}

TEST_F(SessionReply, LeavesOutBodyAndLengthWhereThereIsNone) {
  for (const char* status : {"204", "304"}) {
    const auto reply = client_.request("GET", std::string("/empty?status=") + status);
    EXPECT_EQ(reply->header("content-length"), "") << status;
  }
  EXPECT_EQ(client_.request("GET", "/empty?status=200")->header("content-length"), "0");
  EXPECT_EQ(client_.request("GET", "/wasm/a")->body, "a");
}

TEST_F(SessionReply, AnswersASourceThatFailsAtOnceAsAnError) {
  const auto reply = client_.request("GET", "/stream?size=50000&fail_at=0");
  EXPECT_EQ(reply->status, 500U);
  EXPECT_EQ(client_.request("GET", "/healthz")->status, 200U);
}

TEST_F(SessionReply, CutsTheConnectionWhenASourceFailsLater) {
  for (const char* target :
       {"/stream?size=50000&fail_at=20000", "/stream?size=50000&known&fail_at=20000",
        "/stream?size=50000&known&lie=60000"}) {
    TestClient client = server_.connect();
    const auto reply = client.request("GET", target);
    ASSERT_TRUE(reply) << target;
    EXPECT_FALSE(reply->complete) << target;
    EXPECT_FALSE(client.request("GET", "/healthz")) << target;
  }
}

TEST_F(SessionReply, NothingOfASourceIsTakenForTheNextAnswer) {
  const auto reply = client_.request("GET", "/stream?size=50000&known&lie=40000");
  ASSERT_TRUE(reply);
  EXPECT_LE(reply->body.size(), 40'000U);
  EXPECT_FALSE(client_.request("GET", "/healthz"));
}

TEST_F(SessionReply, ASlowReaderGetsEverything) {
  client_.set_receive_buffer(64 << 10);
  ASSERT_TRUE(client_.send("GET /shared?size=3000000 HTTP/1.1\r\nHost: t\r\n\r\n"));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));  // the server's buffer is full by now
  const auto reply = client_.receive();
  ASSERT_TRUE(reply && reply->complete);
  EXPECT_TRUE(reply->body == pattern(3'000'000));
}

// As fast as the server sends: its socket is never full, and the answer never ends.
TEST(SessionReplies, AFastReaderDoesNotKeepItsLoopToItself) {
  TestServer server({}, 1);
  TestClient fast = server.connect();
  ASSERT_TRUE(fast.send("GET /stream?size=1000000000000 HTTP/1.1\r\nHost: t\r\n\r\n"));
  ASSERT_EQ(fast.receive_raw(1), "H");
  const std::jthread reader([&fast](const std::stop_token& stop) {
    while (!stop.stop_requested() && !fast.receive_raw(1U << 20).empty()) continue;
  });
  for (int i = 0; i < 20; ++i) {
    const auto reply = server.connect().request("GET", "/healthz");
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status, 200U);
  }
  EXPECT_EQ(server.open_sources(), 1U);
}

TEST_F(SessionReply, ASourceEndsWithItsClient) {
  {
    TestClient leaving = server_.connect();
    ASSERT_TRUE(leaving.send("GET /stream?size=1000000000 HTTP/1.1\r\nHost: t\r\n\r\n"));
    EXPECT_FALSE(leaving.receive_raw(1000).empty());
    EXPECT_EQ(server_.open_sources(), 1U);
    leaving.reset();
  }
  EXPECT_TRUE(eventually([this] { return server_.open_sources() == 0; }));
}

// While the event loop is busy with one connection, requests come on two more. Both are handled
// before either is answered.
TEST(SessionTurn, HandlesAllThatIsReadyBeforeItSends) {
  TestServer server({}, 1);
  std::latch busy(1);
  std::latch both_sent(1);
  std::latch handled(2);
  TestClient blocker = server.connect();
  TestClient one = server.connect();
  TestClient other = server.connect();
  for (TestClient* client : {&blocker, &one, &other})
    ASSERT_EQ(client->request("GET", "/healthz")->status, 200U);
  std::vector<bool> answered;
  server.on_hook([&](const Request& request) {
    if (request.query == "block") {
      busy.count_down();
      both_sent.wait();
    } else {
      answered.push_back(one.has_input() || other.has_input());
      handled.count_down();
    }
  });
  ASSERT_TRUE(blocker.send("GET /hook?block HTTP/1.1\r\nHost: t\r\n\r\n"));
  busy.wait();
  EXPECT_TRUE(one.send("GET /hook HTTP/1.1\r\nHost: t\r\n\r\n"));
  EXPECT_TRUE(other.send("GET /hook HTTP/1.1\r\nHost: t\r\n\r\n"));
  both_sent.count_down();
  handled.wait();  // what is received before would not be seen
  for (TestClient* client : {&blocker, &one, &other}) EXPECT_EQ(client->receive()->status, 200U);
  EXPECT_EQ(answered, (std::vector<bool>{false, false}));
}

}  // namespace
}  // namespace wasm_server

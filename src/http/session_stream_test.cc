// Request bodies that a handler reads as they arrive.

#include <thread>

#include <gtest/gtest.h>

#include "http/body_reader.h"
#include "testing/drip.h"
#include "testing/eventually.h"
#include "testing/http_test_server.h"
#include "testing/paired_session.h"

namespace wasm_server {
namespace {

constexpr std::size_t kLarge = 20U << 20;
// More than a streamed body may take, much less than a large one.
// For four pieces of one client, which may hold as much as it leaves to others.
constexpr std::uint64_t kLittleMemory = 9 * (64U << 10);

HttpLimits little_memory() {
  HttpLimits limits;
  limits.body_memory_bytes = kLittleMemory;
  return limits;
}

std::string head(std::string_view path, std::string_view fields) {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: t\r\n" + std::string(fields) +
         "\r\n\r\n";
}

std::string sized_head(std::string_view path, std::size_t size) {
  return head(path, "Content-Length: " + std::to_string(size));
}

std::string chunk(std::string_view data) {
  char size[32];
  std::snprintf(size, sizeof size, "%zx\r\n", data.size());
  return std::string(size).append(data) + "\r\n";
}

class SessionStream : public testing::Test {
 protected:
  bool still_serves() {
    const auto reply = client_.request("GET", "/healthz");
    return reply && reply->status == 200;
  }

  TestServer server_{little_memory()};
  TestClient client_ = server_.connect();
};

// A client that sends while it receives, as one of a body without end has to.
TEST_F(SessionStream, LetsALargeBodyThroughInLittleMemory) {
  for (const char* path : {"/stream/echo", "/stream/echo?known"}) {
    std::jthread sender([this, path] {
      client_.send(sized_head(path, kLarge));
      for (std::size_t sent = 0; sent < kLarge; sent += 1U << 20) {
        client_.send(pattern(1U << 20, sent));
      }
    });
    const auto reply = client_.receive();
    ASSERT_TRUE(reply && reply->complete) << path;
    EXPECT_TRUE(reply->body == pattern(kLarge)) << path;
  }
  EXPECT_TRUE(still_serves());
  const auto whole = client_.request("POST", "/echo", pattern(kLarge));
  EXPECT_EQ(whole->status, 503U) << "as a whole it has no room";
}

TEST_F(SessionStream, LetsChunksOfEverySizeThrough) {
  const std::string body = pattern(300'000);
  for (const std::size_t size : {7U, 1000U, 4096U, 70'000U, 300'000U}) {
    std::jthread sender([this, size, &body] {
      client_.send(head("/stream/echo", "Transfer-Encoding: chunked"));
      std::string sent;
      for (std::size_t at = 0; at < body.size(); at += size) sent += chunk(body.substr(at, size));
      client_.send(sent + "0\r\n\r\n");
    });
    const auto reply = client_.receive();
    ASSERT_TRUE(reply && reply->complete) << size;
    EXPECT_TRUE(reply->body == body) << size;
  }
  EXPECT_TRUE(still_serves());
}

TEST_F(SessionStream, GivesNoMoreThanAPieceAtATime) {
  const auto reply = client_.request("POST", "/stream/count", pattern(kLarge));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->body.find("20971520 bytes, at most "), 0U) << reply->body;
  EXPECT_LE(std::stoul(reply->body.substr(reply->body.find("most ") + 5)), 64U << 10);
  EXPECT_EQ(client_.request("POST", "/stream/count", "")->body, "0 bytes, at most 0");
  EXPECT_EQ(client_.request("POST", "/stream/count", "x")->body, "1 bytes, at most 1");
}

TEST_F(SessionStream, HasNoMoreStreamsThanItHasMemoryFor) {
  std::vector<TestClient> clients;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(server_.connect());
    clients.back().send(sized_head("/stream/count", 200'000) + pattern(100'000));
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(100));  // each may have its piece by now
  const auto refused = client_.request("POST", "/stream/count", pattern(100'000));
  EXPECT_EQ(refused->status, 503U);
  for (TestClient& client : clients) {
    client.send(pattern(100'000));
    EXPECT_EQ(client.receive()->status, 200U);
  }
}

TEST_F(SessionStream, TellsAClientToGoOnWhenTheBodyIsFirstRead) {
  client_.send(head("/stream/count", "Content-Length: 4\r\nExpect: 100-continue"));
  EXPECT_EQ(client_.receive()->status, 100U);
  client_.send("body");
  EXPECT_EQ(client_.receive()->body, "4 bytes, at most 4");
  EXPECT_TRUE(still_serves());

  client_.send(head("/stream/ignore", "Content-Length: 4\r\nExpect: 100-continue"));
  const auto ignored = client_.receive();
  EXPECT_EQ(ignored->body, "ignored") << "nobody asked for the body";
  EXPECT_EQ(ignored->header("connection"), "close");
}

TEST_F(SessionStream, LosesNothingWhenItIsInterrupted) {
  for (const std::string& framing :
       {std::string("Content-Length: 100000"), std::string("Transfer-Encoding: chunked")}) {
    const bool is_chunked = framing.starts_with("Transfer");
    client_.send(head("/stream/interrupt", framing));
    for (std::size_t sent = 0; sent < 100'000; sent += 20'000) {
      std::this_thread::sleep_for(std::chrono::milliseconds(30));
      const std::string piece = pattern(20'000, sent);
      client_.send(is_chunked ? chunk(piece) : piece);
    }
    if (is_chunked) client_.send("0\r\n\r\n");
    EXPECT_EQ(client_.receive()->body, "100000 interrupted") << framing;
  }
  EXPECT_TRUE(still_serves());
}

TEST_F(SessionStream, TellsWhatIsThereWithoutWaiting) {
  EXPECT_EQ(client_.request("POST", "/stream/arrived", "")->body, "0, all");
  client_.send(sized_head("/stream/arrived", 5) + "hello");
  EXPECT_EQ(client_.receive()->body, "5, all");
  client_.send(head("/stream/arrived", "Content-Length: 5\r\nExpect: 100-continue") + "hello");
  EXPECT_EQ(client_.receive()->body, "0") << "a client that waits is told by who wants the body";
}

TEST_F(SessionStream, SendsTheHeaderBeforeABodyThatTakesItsTime) {
  const auto whole = client_.request("GET", "/stream?size=50000&header_first");
  ASSERT_TRUE(whole && whole->complete);
  EXPECT_TRUE(whole->body == pattern(50'000));
  const auto failed = client_.request("GET", "/stream?size=50000&header_first&fail_at=0");
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->status, 200U);
  EXPECT_FALSE(failed->complete);
}

TEST_F(SessionStream, ASmallBodyThatNobodyReadIsReadOver) {
  EXPECT_EQ(client_.request("POST", "/stream/ignore", pattern(1000))->body, "ignored");
  EXPECT_TRUE(still_serves());
  client_.send(sized_head("/stream/ignore", 30'000));
  EXPECT_EQ(client_.receive()->body, "ignored") << "before it has come";
  client_.send(pattern(30'000));
  EXPECT_TRUE(still_serves());
  const auto reply = client_.request("POST", "/stream/count?stop_at=1", pattern(60'000));
  EXPECT_EQ(reply->status, 200U);
  EXPECT_TRUE(still_serves()) << "after a part of it was read";
}

TEST_F(SessionStream, ALargeBodyThatNobodyReadEndsTheConnection) {
  for (const std::string& framing :
       {std::string("Content-Length: 100000"), std::string("Transfer-Encoding: chunked")}) {
    TestClient client = server_.connect();
    client.send(head("/stream/ignore", framing));
    const auto reply = client.receive();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->body, "ignored");
    EXPECT_EQ(reply->header("connection"), "close");
    client.send(chunk(pattern(50'000)));  // the answer is not lost by it
    EXPECT_TRUE(client.closes_within(std::chrono::seconds(5)));
  }
}

TEST_F(SessionStream, RefusesABodyBeyondTheLimit) {
  HttpLimits limits;
  limits.body_bytes = 100'000;
  TestServer server(limits);
  TestClient sized = server.connect();
  sized.send(head("/stream/count", "Content-Length: 100001\r\nExpect: 100-continue"));
  EXPECT_EQ(sized.receive()->status, 413U) << "without asking for it";
  TestClient chunked = server.connect();
  chunked.send(head("/stream/count", "Transfer-Encoding: chunked") + chunk(pattern(60'000)) +
               chunk(pattern(60'000)));
  EXPECT_EQ(chunked.receive()->status, 413U);
  EXPECT_TRUE(chunked.closes_within(std::chrono::seconds(5)));
}

TEST_F(SessionStream, SaysWhatIsMalformed) {
  client_.send(head("/stream/count", "Transfer-Encoding: chunked") + "3\r\nabc\r\nno\r\n\r\n");
  const auto reply = client_.receive();
  EXPECT_EQ(reply->status, 400U);
  EXPECT_NE(reply->body.find("malformed chunk"), std::string::npos) << reply->body;
  TestClient begun = server_.connect();
  begun.send(head("/stream/echo", "Transfer-Encoding: chunked") + "3\r\nabc\r\nno\r\n\r\n");
  EXPECT_FALSE(begun.receive()->complete) << "what has begun is cut";
}

TEST_F(SessionStream, AClientThatLeavesEndsTheHandler) {
  for (const char* path : {"/stream/count", "/stream/echo", "/stream/echo?known"}) {
    TestClient client = server_.connect();
    client.send(sized_head(path, kLarge) + pattern(100'000));
    client.shut_down_sending();
    EXPECT_TRUE(client.closes_within(std::chrono::seconds(5))) << path;
  }
  EXPECT_TRUE(eventually([this] { return server_.server().connections() == 1; }));
  EXPECT_TRUE(still_serves());
}

TEST_F(SessionStream, ABodyThatStopsOrDripsIsGivenUp) {
  HttpLimits limits;
  limits.read_timeout = std::chrono::milliseconds(600);
  TestServer server(limits);
  TestClient stopped = server.connect();
  stopped.send(sized_head("/stream/count", 1000) + "abc");
  EXPECT_EQ(stopped.receive()->status, 408U);
  TestClient dripping = server.connect();
  const std::jthread drops =
      drip(dripping, sized_head("/stream/count", 1U << 20) + pattern(100'000));
  EXPECT_EQ(dripping.receive()->status, 408U);
}

// The handler's time is not the client's, and a small body may come as slowly as it likes.
TEST_F(SessionStream, AHandlerMayTakeLongerThanAClient) {
  HttpLimits limits;
  limits.read_timeout = std::chrono::milliseconds(300);
  TestServer server(limits);
  TestClient client = server.connect();
  client.send(head("/stream/count?pause_ms=900", "Transfer-Encoding: chunked") + chunk("a"));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  client.send(chunk("b") + "0\r\n\r\n");
  EXPECT_EQ(client.receive()->body, "2 bytes, at most 1");
}

TEST_F(SessionStream, ARequestBehindItsBodyIsAnsweredNext) {
  client_.send(sized_head("/stream/count", 4) + "body" +
               head("/stream/echo", "Transfer-Encoding: chunked") + chunk("abc") + "0\r\n\r\n" +
               "GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n");
  EXPECT_EQ(client_.receive()->body, "4 bytes, at most 4");
  EXPECT_EQ(client_.receive()->body, "abc");
  EXPECT_EQ(client_.receive()->status, 200U);
}

TEST_F(SessionStream, ServesHttp10) {
  client_.send("POST /stream/echo HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello");
  const auto reply = client_.receive();
  ASSERT_TRUE(reply);
  EXPECT_TRUE(reply->head.find("chunked") == std::string::npos);
  EXPECT_EQ(reply->body, "hello");
}

// With the session on this thread, one sees what it takes in.
class PairedStream : public testing::Test {
 protected:
  PairedStream() {
    router_.bind("wait", [this](Request& request) { return wait_and_read(request); });
  }

  Task<Reply> wait_and_read(Request& request) {
    const auto executor = co_await asio::this_coro::executor;
    while (!go_on_) co_await asio::post(executor, use_task);
    const Result<ByteView> piece = co_await request.body_reader->next();
    Reply reply;
    reply.body = piece ? Bytes(*piece) : Bytes(piece.error().message);
    co_return reply;
  }

  // What the session and the kernel's buffers take.
  std::size_t send_all_that_goes() {
    const std::string block = pattern(64U << 10);
    std::size_t total = 0;
    for (int stuck = 0; stuck < 3;) {
      const std::size_t n = session_.send(block);
      total += n;
      stuck = n == 0 ? stuck + 1 : 0;
      session_.run_for(std::chrono::milliseconds(1));
    }
    return total;
  }

  static constexpr Route kRoutes[] = {{.name = "wait",
                                       .method = Method::kPost,
                                       .pattern = "/wait",
                                       .body = BodyHandling::kStreamed}};
  Router router_{kRoutes};
  bool go_on_ = false;
  PairedSession session_{router_, HttpLimits{}};
};

TEST_F(PairedStream, AClientIsNoFasterThanTheHandler) {
  session_.send(sized_head("/wait", 100U << 20));
  EXPECT_LT(send_all_that_goes(), 2U << 20);
  go_on_ = true;
  session_.run_for(std::chrono::milliseconds(100));
  EXPECT_TRUE(session_.receive(1000).starts_with("HTTP/1.1 200 "));
}

}  // namespace
}  // namespace wasm_server

// What becomes of clients that keep something waiting by sending or taking a byte now and then.

#include <optional>

#include <gtest/gtest.h>

#include "http/session.h"
#include "testing/drip.h"
#include "testing/http_test_server.h"
#include "testing/paired_session.h"

namespace wasm_server {
namespace {

constexpr std::chrono::milliseconds kShort{50};
constexpr std::chrono::seconds kLong{9};

// Each byte comes in time for the next, but it would take a day.
TEST(SessionRate, ABodyThatOnlyDripsIsAnsweredAndClosed) {
  struct Body {
    std::string framing;
    std::string start;
    std::string each;
  };
  const std::string chunked = "Transfer-Encoding: chunked";
  HttpLimits limits;
  limits.read_timeout = kShort;
  const std::string large = pattern(0x11170);  // more than may come as slowly as it likes
  for (const Body& body :
       {Body{"Content-Length: 9000000", large, "x"}, Body{chunked, "7fffff\r\n" + large, "x"},
        Body{chunked, "11170\r\n" + large + "\r\n", "1\r\nx\r\n"}, Body{chunked, "1;", "x"}}) {
    TestServer server(limits);
    TestClient client = server.connect();
    const auto slow =
        drip(client, "POST /echo HTTP/1.1\r\nHost: t\r\n" + body.framing + "\r\n\r\n" + body.start,
             body.each);
    const auto reply = client.receive();
    ASSERT_TRUE(reply) << body.framing << body.each;
    EXPECT_EQ(reply->status, 408U);
    EXPECT_EQ(reply->header("connection"), "close");
  }
}

// One that nobody wants, and that is read after the answer.
TEST(SessionRate, ADrippingBodyOfARefusedRequestEndsTheConnection) {
  HttpLimits limits;
  limits.read_timeout = kShort;
  TestServer server(limits);
  TestClient client = server.connect();
  ASSERT_TRUE(client.send("POST /nowhere HTTP/1.1\r\nHost: t\r\nContent-Length: 60000\r\n\r\nab"));
  EXPECT_EQ(client.receive()->status, 404U);
  const auto slow = drip(client, "x");
  EXPECT_TRUE(client.closes_within(kLong));
}

Answer shared_megabyte(Request&) {
  Reply reply;
  reply.body = std::make_shared<const Bytes>(pattern(1'000'000));
  return reply;
}

// A piece is taken now and then, each in time for the next.
class SlowSource final : public BodySource {
 public:
  explicit SlowSource(std::optional<std::uint64_t> size) : announced_(size) {}

  std::optional<std::uint64_t> size() const override { return announced_; }

  Task<Result<ByteView>> next() override { co_return ByteView(piece_); }

 private:
  const std::optional<std::uint64_t> announced_;
  const std::string piece_ = pattern(1000);
};

Answer known_megabyte(Request&) {
  Reply reply;
  reply.body = std::make_unique<SlowSource>(1'000'000);
  return reply;
}

// Takes longer for each of its three pieces than a client may.
class RestingSource final : public BodySource {
 public:
  std::optional<std::uint64_t> size() const override { return std::nullopt; }

  Task<Result<ByteView>> next() override {
    if (++pieces_ > 3) co_return ByteView();
    const auto executor = co_await asio::this_coro::executor;
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>, Executor>
        rest(executor, std::chrono::milliseconds(800));
    co_await rest.async_wait(use_task);
    co_return ByteView("piece");
  }

 private:
  int pieces_ = 0;
};

Answer resting(Request&) {
  Reply reply;
  reply.body = std::make_unique<RestingSource>();
  return reply;
}

TEST(SessionRate, ASourceMayTakeLonger) {
  constexpr Route kRoutes[] = {{.name = "resting", .pattern = "/resting"}};
  Router router(kRoutes);
  router.bind("resting", resting);
  HttpLimits limits;
  limits.write_timeout = kShort;
  PairedSession session(router, limits);
  session.send("GET /resting HTTP/1.1\r\nHost: t\r\n\r\n");
  std::string received;
  for (int i = 0; i < 100 && !received.ends_with("0\r\n\r\n"); ++i) {
    session.run_for(std::chrono::milliseconds(100));
    received += session.receive(10'000);
  }
  EXPECT_TRUE(received.ends_with("5\r\npiece\r\n5\r\npiece\r\n5\r\npiece\r\n0\r\n\r\n"))
      << received;
}

// 500 bytes each 100 ms, for which the kernel buffers little: the server sees every few of them,
// and never waits longer than its timeout.
bool is_cut_while_dripping(const char* path) {
  constexpr Route kRoutes[] = {{.name = "shared", .pattern = "/shared"},
                               {.name = "known", .pattern = "/known"}};
  Router router(kRoutes);
  router.bind("shared", shared_megabyte);
  router.bind("known", known_megabyte);
  HttpLimits limits;
  limits.write_timeout = std::chrono::milliseconds(1000);
  PairedSession session(router, limits);
  session.set_send_buffer(1);
  session.send(std::string("GET ") + path + " HTTP/1.1\r\nHost: t\r\n\r\n");
  std::size_t received = 0;
  for (int i = 0; i < 120 && session.is_open(); ++i) {
    session.run_for(std::chrono::milliseconds(100));
    received += session.receive(500).size();
  }
  EXPECT_GT(received, 500U);
  return !session.is_open();
}

TEST(SessionRate, AClientThatOnlyDripsAnAnswerOutIsCut) {
  EXPECT_TRUE(is_cut_while_dripping("/shared"));
  EXPECT_TRUE(is_cut_while_dripping("/known"));
}

}  // namespace
}  // namespace wasm_server

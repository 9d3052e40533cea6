#include "http/server.h"

#include <sys/resource.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/log.h"
#include "testing/eventually.h"
#include "testing/http_test_server.h"

namespace wasm_server {
namespace {

using std::chrono::seconds;

bool has_connections(TestServer& server, std::size_t number) {
  return eventually([&] { return server.server().connections() == number; });
}

bool is_waiting(TestServer& server) {
  return eventually([&server] { return server.waiting() > 0; });
}

TEST(Server, RefusesAPortInUse) {
  TestServer server;
  asio::io_context context;
  Router router;
  Server second({{&context, &router}}, {});
  const auto bound = second.bind(server.server().address());
  ASSERT_FALSE(bound);
  EXPECT_TRUE(bound.error().message.ends_with(" on 127.0.0.1 is already in use"))
      << bound.error().message;
}

TEST(Server, ForgetsAConnectionWhenItEnds) {
  TestServer server;
  {
    TestClient client = server.connect();
    EXPECT_EQ(client.request("GET", "/healthz")->status, 200U);
    EXPECT_EQ(server.server().connections(), 1U);
  }
  ASSERT_TRUE(has_connections(server, 0));
}

TEST(Server, TellsClientsBeyondTheCap) {
  HttpLimits limits;
  limits.connections = 2;
  TestServer server(limits);
  TestClient first = server.connect();
  TestClient second = server.connect();
  EXPECT_EQ(first.request("GET", "/healthz")->status, 200U);
  EXPECT_EQ(second.request("GET", "/healthz")->status, 200U);
  {
    TestClient third = server.connect();
    const auto reply = third.request("GET", "/healthz");
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status, 503U);
    EXPECT_EQ(reply->header("retry-after"), "1");
    EXPECT_EQ(reply->header("connection"), "close");
    EXPECT_FALSE(reply->header("x-request-id").empty());
  }
  first.reset();
  ASSERT_TRUE(has_connections(server, 1));
  EXPECT_EQ(server.connect().request("GET", "/healthz")->status, 200U);
}

TEST(Server, ClosesIdleConnectionsWhenItStops) {
  TestServer server;
  TestClient fresh = server.connect();
  TestClient used = server.connect();
  EXPECT_EQ(used.request("GET", "/healthz")->status, 200U);
  server.server().stop_accepting();
  EXPECT_TRUE(used.closes_within(seconds(9)));
  EXPECT_TRUE(fresh.closes_within(seconds(9)));
  EXPECT_THROW(server.connect(), std::system_error);
}

TEST(Server, FinishesWhatRunsWhenItStops) {
  TestServer server;
  TestClient busy = server.connect();
  ASSERT_TRUE(busy.send("GET /held HTTP/1.1\r\nHost: t\r\n\r\n"));
  ASSERT_TRUE(is_waiting(server));
  server.server().stop_accepting();
  std::jthread drain([&server] { server.server().drain(seconds(60)); });
  server.release();
  const auto reply = busy.receive();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->body, "released");
  EXPECT_EQ(reply->header("connection"), "close");
  EXPECT_TRUE(busy.closes_within(seconds(9)));
  drain.join();
  EXPECT_EQ(server.server().connections(), 0U);
}

TEST(Server, CutsWhatIsLeftAfterTheGraceTime) {
  TestServer server;
  TestClient busy = server.connect();
  TestClient slow = server.connect();
  ASSERT_TRUE(busy.send("GET /held HTTP/1.1\r\nHost: t\r\n\r\n"));
  ASSERT_TRUE(slow.send("GET /stream?size=1000000000 HTTP/1.1\r\nHost: t\r\n\r\n"));
  EXPECT_FALSE(slow.receive_raw(1).empty());
  ASSERT_TRUE(is_waiting(server));
  server.server().drain(std::chrono::milliseconds(10));
  EXPECT_EQ(server.server().connections(), 0U);
  EXPECT_EQ(server.gone(), 1U);
  EXPECT_EQ(server.open_sources(), 0U);
}

TEST(Server, GoesOnAfterItRanOutOfDescriptors) {
  // The sanitizer looks at a class that it has not met with a pipe, for which there is no room
  // below.
  log_error("descriptors are about to run out");
  TestServer server;
  rlimit old{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &old), 0);
  const int lowest_free = dup(0);
  close(lowest_free);
  rlimit tight = old;
  tight.rlim_cur =
      static_cast<rlim_t>(lowest_free) + 1;  // for the client's socket, not the server's
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &tight), 0);
  TestClient client = server.connect();
  ASSERT_TRUE(client.send("GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n"));
  std::this_thread::sleep_for(std::chrono::milliseconds(150));  // it fails, waits, fails again
  EXPECT_EQ(server.server().connections(), 0U);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &old), 0);
  const auto reply = client.receive();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 200U);
}

TEST(Server, DestroyingTheEventLoopEndsItsSessions) {
  const auto context = std::make_unique<asio::io_context>(1);
  Router router;
  Server server({{context.get(), &router}}, {});
  ASSERT_TRUE(server.bind("127.0.0.1:0"));
  server.start();
  TestClient client(server.address());
  ASSERT_TRUE(eventually([&] { return context->poll_one() == 0 && server.connections() > 0; }));
  context->poll();
  EXPECT_EQ(server.connections(), 1U);
}

}  // namespace
}  // namespace wasm_server

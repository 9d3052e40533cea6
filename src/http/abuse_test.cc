// Clients that mean no good: whatever they send, the server answers the next one.

#include <random>

#include <gtest/gtest.h>

#include "http/server.h"
#include "testing/http_test_server.h"

namespace wasm_server {
namespace {

class Abuse : public testing::Test {
 protected:
  void expect_alive() { EXPECT_EQ(server_.connect().request("GET", "/healthz")->status, 200U); }

  TestServer server_;
  std::mt19937 random_{20261123};
};

TEST_F(Abuse, RandomBytes) {
  for (int i = 0; i < 200; ++i) {
    TestClient client = server_.connect();
    std::string bytes(random_() % 3000, ' ');
    for (char& c : bytes) c = static_cast<char>(random_());
    client.send(bytes);
    if (i % 3 == 0) client.shut_down_sending();
  }
  expect_alive();
}

// Valid requests with a few bytes changed, removed or doubled reach further than noise does.
TEST_F(Abuse, DamagedRequests) {
  const std::string good =
      "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\nX-Request-Id: a\r\n\r\n"
      "5;x=y\r\nhello\r\n3\r\nabc\r\n0\r\nT: u\r\n\r\n"
      "GET /wasm/%41?b=%20 HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: "
      "3\r\n\r\nabc";
  for (int i = 0; i < 2000; ++i) {
    std::string bad = good;
    for (std::size_t n = 1 + random_() % 3; n > 0; --n) {
      const std::size_t at = random_() % bad.size();
      switch (random_() % 3) {
        case 0:
          bad[at] = static_cast<char>(random_());
          break;
        case 1:
          bad.erase(at, 1 + random_() % 5);
          break;
        default:
          bad.insert(at, bad.substr(at, random_() % 9));
      }
    }
    TestClient client = server_.connect();
    client.send(bad);
    client.shut_down_sending();
    while (client.receive())
      continue;  // every request that can be seen is answered, then it closes
  }
  expect_alive();
}

TEST_F(Abuse, ResetsAtEveryMoment) {
  const std::string request =
      "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 20000\r\n\r\n" + pattern(20'000);
  for (std::size_t sent = 0; sent < request.size(); sent += 1 + random_() % 400) {
    TestClient client = server_.connect();
    client.send(std::string_view(request).substr(0, sent));
    client.reset();
  }
  expect_alive();
}

TEST_F(Abuse, ReadersThatLeaveInTheMiddle) {
  for (int i = 0; i < 30; ++i) {
    TestClient client = server_.connect();
    client.send("GET /shared?size=10000000 HTTP/1.1\r\nHost: t\r\n\r\n");
    client.receive_raw(1 + random_() % 100'000);
    client.reset();
  }
  expect_alive();
}

TEST_F(Abuse, ThousandsOfEmptyLines) {
  TestClient client = server_.connect();
  std::string lines;
  for (int i = 0; i < 20'000; ++i) lines += "\r\n";
  ASSERT_TRUE(client.send(lines));
  EXPECT_EQ(client.request("GET", "/healthz")->status, 200U);
}

TEST_F(Abuse, ManyConnectionsAtOnce) {
  std::vector<TestClient> clients;
  for (int i = 0; i < 300; ++i) clients.push_back(server_.connect());
  for (auto& client : clients) client.send("GET /wasm/a HTTP/1.1\r\nHost: t\r\n\r\n");
  for (auto& client : clients) EXPECT_EQ(client.receive()->body, "a");
}

}  // namespace
}  // namespace wasm_server

// What a well-behaved client sees.

#include "http/session.h"

#include <gtest/gtest.h>

#include "testing/http_test_server.h"

namespace wasm_server {
namespace {

class SessionTest : public testing::Test {
 protected:
  TestServer server_;
  TestClient client_ = server_.connect();
};

TEST_F(SessionTest, AnswersWithTheHeadersOfEveryAnswer) {
  const auto reply = client_.request("GET", "/healthz");
  ASSERT_TRUE(reply);
  EXPECT_TRUE(reply->head.starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(reply->body, R"({"status":"ok"})");
  EXPECT_EQ(reply->header("content-length"), "15");
  EXPECT_EQ(reply->header("content-type"), "application/json");
  EXPECT_EQ(reply->header("date").size(), 29U);
  EXPECT_TRUE(reply->header("date").ends_with(" GMT"));
  EXPECT_FALSE(reply->header("x-request-id").empty());
  EXPECT_EQ(reply->header("connection"), "");
}

TEST_F(SessionTest, KeepsTheConnection) {
  for (int i = 0; i < 3; ++i) ASSERT_EQ(client_.request("GET", "/healthz")->status, 200U);
  EXPECT_EQ(server_.server().connections(), 1U);
}

TEST_F(SessionTest, ShowsTheRequestToTheHandler) {
  const auto reply = client_.request("GET", "/request?a=1&b=2", {}, {{"X-One", " padded\t"}});
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->body, "path=/request\nquery=a=1&b=2\nid=" + reply->header("x-request-id") +
                             "\nbody=\nHost=localhost\nX-One=padded\n");
}

TEST_F(SessionTest, TakesOverAWellFormedRequestId) {
  const auto kept = client_.request("GET", "/request", {}, {{"X-Request-Id", "abc-1/2"}});
  EXPECT_EQ(kept->header("x-request-id"), "abc-1/2");
  EXPECT_NE(kept->body.find("id=abc-1/2\n"), std::string::npos);
  const auto replaced = client_.request("GET", "/request", {}, {{"X-Request-Id", "a b"}});
  EXPECT_NE(replaced->header("x-request-id"), "a b");
  EXPECT_FALSE(replaced->header("x-request-id").empty());
}

TEST_F(SessionTest, AnswersPipelinedRequestsInOrder) {
  std::string requests;
  for (int i = 0; i < 100; ++i) {
    requests += "GET /wasm/id" + std::to_string(i) + " HTTP/1.1\r\nHost: t\r\n\r\n";
  }
  ASSERT_TRUE(client_.send(requests));
  for (int i = 0; i < 100; ++i) {
    const auto reply = client_.receive();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->body, "id" + std::to_string(i));
  }
}

TEST_F(SessionTest, AnswersPipelinedRequestsWithBodiesInOrder) {
  ASSERT_TRUE(
      client_.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\none"
                   "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
                   "3\r\ntwo\r\n0\r\n\r\n"
                   "GET /wasm/three HTTP/1.1\r\nHost: t\r\n\r\n"));
  EXPECT_EQ(client_.receive()->body, "one");
  EXPECT_EQ(client_.receive()->body, "two");
  EXPECT_EQ(client_.receive()->body, "three");
}

TEST_F(SessionTest, ClosesWhenTheClientAsksForIt) {
  const auto reply = client_.request("GET", "/healthz", {}, {{"Connection", "close"}});
  EXPECT_EQ(reply->header("connection"), "close");
  EXPECT_TRUE(client_.closes_within(std::chrono::seconds(5)));
}

TEST_F(SessionTest, ClosesAfterHttp10) {
  ASSERT_TRUE(client_.send("GET /healthz HTTP/1.0\r\n\r\n"));
  const auto reply = client_.receive();
  EXPECT_EQ(reply->status, 200U);
  EXPECT_EQ(reply->header("connection"), "close");
  EXPECT_TRUE(client_.closes_within(std::chrono::seconds(5)));
}

TEST_F(SessionTest, KeepsAnHttp10ConnectionWhenAsked) {
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(client_.send("GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    EXPECT_EQ(client_.receive()->header("connection"), "keep-alive");
  }
}

TEST_F(SessionTest, AcceptsAbsoluteTargets) {
  EXPECT_EQ(client_.request("GET", "http://other:1/wasm/a?x")->body, "a");
  EXPECT_EQ(client_.request("GET", "HTTPS://other/wasm/a")->body, "a");
  EXPECT_EQ(client_.request("GET", "http://other")->status, 404U);
}

TEST_F(SessionTest, AnswersOptions) {
  const auto path = client_.request("OPTIONS", "/echo");
  EXPECT_EQ(path->status, 204U);
  EXPECT_EQ(path->header("allow"), "POST, PUT, OPTIONS");
  EXPECT_EQ(path->header("content-length"), "");
  const auto all = client_.request("OPTIONS", "*");
  EXPECT_EQ(all->status, 204U);
  EXPECT_EQ(all->header("allow"), "GET, HEAD, POST, PUT, DELETE, OPTIONS");
}

TEST_F(SessionTest, UnknownPathsAndMethodsKeepTheConnection) {
  EXPECT_EQ(client_.request("GET", "/nowhere")->status, 404U);
  const auto reply = client_.request("BREW", "/healthz");
  EXPECT_EQ(reply->status, 405U);
  EXPECT_EQ(reply->header("allow"), "GET, HEAD, OPTIONS");
  EXPECT_NE(reply->body.find("\"code\":\"method-not-allowed\""), std::string::npos);
  EXPECT_EQ(client_.request("POST", "/wasm/a", "ignored")->status, 405U);
  EXPECT_EQ(client_.request("GET", "/wasm/..")->status, 404U);
  EXPECT_EQ(client_.request("GET", "/healthz")->status, 200U);
}

TEST_F(SessionTest, IgnoresEmptyLinesBeforeARequest) {
  ASSERT_TRUE(client_.send("\r\n\r\nGET /wasm/a HTTP/1.1\r\nHost: t\r\n\r\n"));
  EXPECT_EQ(client_.receive()->body, "a");
}

TEST_F(SessionTest, ReadsARequestThatComesByteByByte) {
  const std::string request =
      "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3;ext=\"q\"\r\nabc\r\n0\r\nTrailer: x\r\n\r\n"
      "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
      "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\nde";
  for (const char c : request) ASSERT_TRUE(client_.send({&c, 1}));
  EXPECT_EQ(client_.receive()->body, "abc");
  EXPECT_EQ(client_.receive()->body, "");
  EXPECT_EQ(client_.receive()->body, "de");
}

TEST_F(SessionTest, AnExceptionOfAHandlerIsAnInternalError) {
  const auto reply = client_.request("GET", "/throw");
  EXPECT_EQ(reply->status, 500U);
  EXPECT_NE(reply->body.find("\"code\":\"internal\""), std::string::npos);
  EXPECT_EQ(reply->body.find("bug"), std::string::npos);
  EXPECT_NE(reply->body.find(reply->header("x-request-id")), std::string::npos);
  EXPECT_EQ(client_.request("GET", "/healthz")->status, 200U);
}

}  // namespace
}  // namespace wasm_server

// How request bodies are read, and how they are left.

#include <gtest/gtest.h>

#include "http/session.h"
#include "testing/eventually.h"
#include "testing/http_test_server.h"

namespace wasm_server {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

std::string chunked(std::string_view body, std::size_t piece) {
  std::string text;
  while (!body.empty()) {
    const std::string_view data = body.substr(0, piece);
    char size[32];
    std::snprintf(size, sizeof size, "%zx\r\n", data.size());
    text.append(size).append(data).append("\r\n");
    body.remove_prefix(data.size());
  }
  return text + "0\r\n\r\n";
}

class SessionBody : public testing::Test {
 protected:
  TestServer server_;
  TestClient client_ = server_.connect();
};

TEST_F(SessionBody, ReadsEverySizeUnchanged) {
  for (const std::size_t size :
       {0U, 1U, 4000U, 4096U, 5000U, 65'535U, 65'536U, 65'537U, 1'000'000U}) {
    const std::string body = pattern(size);
    const auto reply = client_.request("POST", "/echo", body);
    ASSERT_TRUE(reply) << size;
    EXPECT_TRUE(reply->body == body) << size;
  }
}

TEST_F(SessionBody, ReadsALargeBody) {
  const std::string body = pattern(32U << 20);
  const auto reply = client_.request("PUT", "/echo", body);
  ASSERT_TRUE(reply && reply->complete);
  EXPECT_TRUE(reply->body == body);
}

TEST_F(SessionBody, ReadsChunksOfEverySize) {
  const std::string body = pattern(300'000);
  for (const std::size_t piece : {7U, 1000U, 4096U, 70'000U, 300'000U}) {
    ASSERT_TRUE(
        client_.send("POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: Chunked\r\n\r\n" +
                     chunked(body, piece)));
    const auto reply = client_.receive();
    ASSERT_TRUE(reply) << piece;
    EXPECT_TRUE(reply->body == body) << piece;
  }
}

TEST_F(SessionBody, HeadersStayReadableBehindAChunkedBody) {
  std::string headers;
  for (int i = 0; i < 200; ++i)
    headers += "X-" + std::to_string(i) + ": " + std::to_string(i) + "\r\n";
  ASSERT_TRUE(client_.send("GET /request?q HTTP/1.1\r\nHost: t\r\nX-Request-Id: mine\r\n" +
                           headers + "Transfer-Encoding: chunked\r\n\r\n" +
                           chunked(pattern(30'000), 100)));
  const auto reply = client_.receive();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->body.find("path=/request\nquery=q\nid=mine\nbody=abc"), 0U);
  EXPECT_NE(reply->body.find("\nX-199=199\n"), std::string::npos);
}

TEST_F(SessionBody, IgnoresTrailersAndExtensions) {
  ASSERT_TRUE(client_.send(
      "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3;a=b;c=\"d;\\\"e\"\r\nabc\r\n002\r\nde\r\n000\r\nHost: other\r\nX: y\r\n\r\n"));
  EXPECT_EQ(client_.receive()->body, "abcde");
  EXPECT_EQ(client_.request("GET", "/healthz")->status, 200U);
}

TEST_F(SessionBody, ContinuesWhenTheBodyIsWanted) {
  ASSERT_TRUE(client_.send(
      "POST /echo HTTP/1.1\r\nHost: t\r\nExpect: 100-Continue\r\nContent-Length: 3\r\n\r\n"));
  EXPECT_EQ(client_.receive()->head, "HTTP/1.1 100 Continue\r\n");
  ASSERT_TRUE(client_.send("abc"));
  EXPECT_EQ(client_.receive()->body, "abc");
  ASSERT_TRUE(
      client_.send("POST /echo HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nTransfer-Encoding: "
                   "chunked\r\n\r\n"));
  EXPECT_EQ(client_.receive()->status, 100U);
  ASSERT_TRUE(client_.send(chunked("xyz", 2)));
  EXPECT_EQ(client_.receive()->body, "xyz");
}

TEST_F(SessionBody, DoesNotContinueWhenTheBodyIsThereAlready) {
  const auto reply = client_.request("POST", "/echo", "abc", {{"Expect", "100-continue"}});
  EXPECT_EQ(reply->status, 200U);
  EXPECT_EQ(reply->body, "abc");
}

TEST_F(SessionBody, DoesNotContinueOnHttp10OrWithoutABody) {
  EXPECT_EQ(client_.request("GET", "/healthz", {}, {{"Expect", "100-continue"}})->status, 200U);
  ASSERT_TRUE(
      client_.send("POST /echo HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n"));
  ASSERT_TRUE(client_.send("x"));
  EXPECT_EQ(client_.receive()->status, 200U);
}

TEST_F(SessionBody, AnswersAtOnceInsteadOfContinuingToARefusal) {
  for (const auto& [target, length, status] :
       {std::tuple{"/nowhere", "3", 404U}, {"/healthz", "3", 405U}, {"/echo", "134217729", 413U}}) {
    TestClient client = server_.connect();
    ASSERT_TRUE(client.send("POST " + std::string(target) +
                            " HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\n" +
                            "Content-Length: " + length + "\r\n\r\n"));
    EXPECT_EQ(client.receive()->status, status);
    EXPECT_TRUE(client.closes_within(std::chrono::seconds(5)));
  }
}

TEST_F(SessionBody, ReadsASmallRefusedBodyAndKeepsTheConnection) {
  ASSERT_TRUE(client_.send("POST /nowhere HTTP/1.1\r\nHost: t\r\nContent-Length: 60000\r\n\r\n"));
  EXPECT_EQ(client_.receive()->status, 404U);
  ASSERT_TRUE(client_.send(pattern(60'000) + "GET /wasm/a HTTP/1.1\r\nHost: t\r\n\r\n"));
  EXPECT_EQ(client_.receive()->body, "a");
}

TEST_F(SessionBody, TheAnswerToATooLargeBodySurvivesItsArrival) {
  ASSERT_TRUE(client_.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 200000000\r\n\r\n"));
  client_.send(pattern(4U << 20));  // sent on blindly, before reading
  const auto reply = client_.receive();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 413U);
  EXPECT_NE(reply->body.find("payload-too-large"), std::string::npos);
}

TEST_F(SessionBody, AClientThatLeavesInTheMiddleOfABodyHurtsNobody) {
  for (int i = 0; i < 20; ++i) {
    TestClient leaving = server_.connect();
    ASSERT_TRUE(leaving.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 100000\r\n\r\n" +
                             pattern(5000)));
    if (i % 2 == 0) leaving.reset();
  }
  EXPECT_EQ(client_.request("POST", "/echo", "still")->body, "still");
}

TEST(SessionBodyLimits, CountsChunkedBodiesAsTheyCome) {
  HttpLimits limits;
  limits.body_bytes = 1000;
  TestServer server(limits);
  TestClient fits = server.connect();
  ASSERT_TRUE(fits.send("POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n" +
                        chunked(pattern(1000), 300)));
  EXPECT_EQ(fits.receive()->body, pattern(1000));
  TestClient passes = server.connect();
  ASSERT_TRUE(passes.send("POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n" +
                          chunked(pattern(1001), 300)));
  EXPECT_EQ(passes.receive()->status, 413U);
  EXPECT_EQ(server.connect().request("POST", "/echo", pattern(1000))->status, 200U);
  EXPECT_EQ(server.connect().request("POST", "/echo", pattern(1001))->status, 413U);
}

TEST(SessionBodyLimits, AllBodiesTogetherStayWithinTheirMemory) {
  HttpLimits limits;
  limits.body_memory_bytes = 1'000'000;
  TestServer server(limits);
  TestClient holder = server.connect();
  ASSERT_TRUE(holder.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 900000\r\n\r\n" +
                          pattern(899'999)));
  // The other client is refused as soon as the first one's body has taken its memory.
  std::optional<TestReply> reply;
  ASSERT_TRUE(eventually([&] {
    reply = server.connect().request("POST", "/echo", pattern(800'000));
    return !reply || reply->status != 200;
  }));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 503U);
  EXPECT_EQ(reply->header("retry-after"), "1");
  ASSERT_TRUE(holder.send("x"));
  EXPECT_EQ(holder.receive()->status, 200U);
  EXPECT_EQ(holder.request("GET", "/healthz")->status, 200U);  // the memory is given back by now
  EXPECT_EQ(server.connect().request("POST", "/echo", pattern(800'000))->status, 200U);
}

}  // namespace
}  // namespace wasm_server

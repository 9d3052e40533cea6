// Request bodies with a Content-Encoding.

#include <gtest/gtest.h>

#include "http/session.h"
#include "testing/compressed.h"
#include "testing/eventually.h"
#include "testing/http_test_server.h"

namespace wasm_server {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

constexpr std::uint64_t kLimit = 4U << 20;

HttpLimits limits() {
  HttpLimits limits;
  limits.body_bytes = kLimit;
  limits.body_memory_bytes = 3 * kLimit;
  return limits;
}

class SessionCoding : public testing::Test {
 protected:
  TestReply echo(const std::string& body, const std::string& coding) {
    const auto reply = client_.request("POST", "/echo", body, {{"Content-Encoding", coding}});
    EXPECT_TRUE(reply);
    return reply.value_or(TestReply{});
  }

  TestServer server_{limits()};
  TestClient client_ = server_.connect();
};

TEST_F(SessionCoding, IsUndoneWhateverTheSize) {
  for (const std::size_t size : {0U, 1U, 4096U, 65'536U, 200'000U, 4U << 20}) {
    const std::string body = pattern(size);
    EXPECT_TRUE(echo(gzip(body), "gzip").body == body) << size;
    EXPECT_TRUE(echo(zstd(body), "zstd, identity").body == body) << size;
    EXPECT_TRUE(echo(body, "Identity").body == body) << size;
  }
}

TEST_F(SessionCoding, IsUndoneOfChunksToo) {
  const std::string body = pattern(100'000);
  const std::string coded = gzip(body);
  std::string request =
      "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Encoding: gzip\r\n"
      "Transfer-Encoding: chunked\r\n\r\n";
  for (std::size_t at = 0; at < coded.size(); at += 10) {
    const std::string piece = coded.substr(at, 10);
    request += std::string(1, "0123456789a"[piece.size()]) + "\r\n" + piece + "\r\n";
  }
  ASSERT_TRUE(client_.send(request + "0\r\n\r\n"));
  EXPECT_TRUE(client_.receive()->body == body);
  EXPECT_EQ(client_.request("GET", "/healthz")->status, 200U);
}

TEST_F(SessionCoding, ThatIsNotTakenIsRefusedWithThoseThatAre) {
  for (const char* coding : {"br", "gzip, gzip", "zstd, gzip"}) {
    TestClient client = server_.connect();
    const auto reply = client.request("POST", "/echo", "x", {{"Content-Encoding", coding}});
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status, 415U);
    EXPECT_EQ(reply->header("accept-encoding"), "gzip, zstd");
  }
}

TEST_F(SessionCoding, ThatTheBodyIsNotOfIsABadRequest) {
  for (const char* coding : {"gzip", "zstd"}) {
    const std::string whole = std::string(coding) == "gzip" ? gzip("text") : zstd("text");
    for (const std::string& body : {std::string("plain"), whole.substr(0, whole.size() - 1)}) {
      TestClient client = server_.connect();
      const auto reply = client.request("POST", "/echo", body, {{"Content-Encoding", coding}});
      ASSERT_TRUE(reply);
      EXPECT_EQ(reply->status, 400U) << coding << reply->body;
    }
  }
}

// 4 KB and 100 bytes that stand for gigabytes: never more than the limit is made of them.
TEST_F(SessionCoding, ABombIsStoppedAtTheLimitOfThePlainBody) {
  const std::string much(kLimit + 1, '\0');
  for (const auto& [coding, body] :
       {std::pair("gzip", gzip(much)), std::pair("zstd", zstd(much))}) {
    ASSERT_LT(body.size(), 10'000U);
    TestClient client = server_.connect();
    const auto reply = client.request("POST", "/echo", body, {{"Content-Encoding", coding}});
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status, 413U) << coding;
  }
  EXPECT_EQ(echo(gzip(much.substr(1)), "gzip").body.size(), kLimit);
}

// All that was charged for is given back, whatever became of the body.
TEST_F(SessionCoding, LeavesNothingCharged) {
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(echo(zstd(std::string(kLimit, 'x')), "zstd").status, 200U);
    TestClient client = server_.connect();
    EXPECT_EQ(
        client.request("POST", "/echo", zstd("x").substr(0, 8), {{"Content-Encoding", "zstd"}})
            ->status,
        400U);
  }
}

}  // namespace
}  // namespace wasm_server

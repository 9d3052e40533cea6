// What a session refuses, and that it closes where the next request's start is not known.

#include <gtest/gtest.h>

#include "http/session.h"
#include "testing/http_test_server.h"

namespace wasm_server {
namespace {

struct Refusal {
  const char* name;
  std::string request;
  unsigned status = 400;
};

void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.name; }

std::string get(std::string_view headers, std::string_view target = "/healthz") {
  return "GET " + std::string(target) + " HTTP/1.1\r\n" + std::string(headers) + "\r\n";
}

std::string post(std::string_view headers, std::string_view body) {
  return "POST /echo HTTP/1.1\r\nHost: t\r\n" + std::string(headers) + "\r\n" + std::string(body);
}

class SessionRefuses : public testing::TestWithParam<Refusal> {};

// 16 and 10 hexadecimal digits.
bool is_our_request_id(const std::string& id) {
  return id.size() == 27 && id[16] == '-' &&
         id.find_first_not_of("0123456789abcdef-") == std::string::npos;
}

void expect_refusal(TestClient& client, const Refusal& refusal) {
  // A request that follows must not be answered: it may be a part of the refused one.
  ASSERT_TRUE(client.send(refusal.request + "GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n"));
  const auto reply = client.receive();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, refusal.status) << reply->body;
  EXPECT_EQ(reply->header("connection"), "close");
  EXPECT_EQ(reply->header("content-type"), "application/problem+json");
  // Of its own: none of these requests names one.
  EXPECT_TRUE(is_our_request_id(reply->header("x-request-id"))) << reply->head;
  EXPECT_NE(reply->body.find("\"status\":" + std::to_string(refusal.status)), std::string::npos);
  EXPECT_FALSE(client.receive());
}

TEST_P(SessionRefuses, AndCloses) {
  TestServer server;
  TestClient client = server.connect();
  expect_refusal(client, GetParam());
}

TEST_P(SessionRefuses, TheSameAfterAnotherRequest) {
  TestServer server;
  TestClient client = server.connect();
  const std::string id(128, 'a');
  EXPECT_EQ(client.request("GET", "/healthz", {}, {{"X-Request-Id", id}})->header("x-request-id"),
            id);
  expect_refusal(client, GetParam());
}

TEST_P(SessionRefuses, TheSameAfterAHead) {
  TestServer server;
  TestClient client = server.connect();
  ASSERT_TRUE(client.send("HEAD /healthz HTTP/1.1\r\nHost: t\r\nX-Request-Id: abc\r\n\r\n"));
  EXPECT_EQ(client.receive(true)->header("x-request-id"), "abc");
  expect_refusal(client, GetParam());
}

// Where the former request's id was, this one has what would be a header of the answer.
TEST(SessionRefusals, DoNotShowTheBytesOfTheRequestAsHeaders) {
  TestServer server;
  TestClient client = server.connect();
  const std::string id(60, 'a');
  EXPECT_EQ(client.request("GET", "/healthz", {}, {{"X-Request-Id", id}})->status, 200U);
  expect_refusal(client, {"injection", get("Host: test\r\nX-Requestxx: z\r\nInjected: yes\r\n"
                                           "Set-Cookie: stolen=1\r\nno colon, so malformed\r\n")});
}

INSTANTIATE_TEST_SUITE_P(
    RequestLine, SessionRefuses,
    testing::Values(Refusal{"garbage", "\x16\x03\x01\x02 hello\r\n\r\n"},
                    Refusal{"no version", "GET /healthz\r\nHost: t\r\n\r\n"},
                    Refusal{"version 2", "GET /healthz HTTP/2.0\r\nHost: t\r\n\r\n"},
                    Refusal{"version 1.2", "GET /healthz HTTP/1.2\r\nHost: t\r\n\r\n"},
                    Refusal{"lower-case version", "GET /healthz http/1.1\r\nHost: t\r\n\r\n"},
                    Refusal{"two spaces", "GET  /healthz HTTP/1.1\r\nHost: t\r\n\r\n"},
                    Refusal{"space in target", "GET /heal thz HTTP/1.1\r\nHost: t\r\n\r\n"},
                    Refusal{"bad method", "G(T /healthz HTTP/1.1\r\nHost: t\r\n\r\n"},
                    Refusal{"bare line feeds", "GET /healthz HTTP/1.1\nHost: t\n\n"},
                    Refusal{"fragment", get("Host: t\r\n", "/healthz#x")},
                    Refusal{"relative target", get("Host: t\r\n", "healthz")},
                    Refusal{"other scheme", get("Host: t\r\n", "ftp://a/healthz")},
                    Refusal{"authority form", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n"}));

INSTANTIATE_TEST_SUITE_P(
    Header, SessionRefuses,
    testing::Values(
        Refusal{"no Host", get("")}, Refusal{"two Hosts", get("Host: a\r\nHost: a\r\n")},
        Refusal{"two Hosts on 1.0", "GET /healthz HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"},
        Refusal{"bad Host", get("Host: a b\r\n")},
        Refusal{"space before the colon", get("Host: t\r\nX : y\r\n")},
        Refusal{"no colon", get("Host: t\r\nXy\r\n")},
        Refusal{"no name", get("Host: t\r\n: y\r\n")},
        Refusal{"bad name", get("Host: t\r\nX@: y\r\n")},
        Refusal{"leading space", get(" Host: t\r\n")},
        Refusal{"folded", get("Host: t\r\nX: y\r\n z\r\n")},
        Refusal{"folded after nothing", get("Host: t\r\nX:\r\n z\r\n")},
        Refusal{"folded into nothing", get("Host: t\r\nX: y\r\n \r\n")},
        Refusal{"NUL in a value", get(std::string_view("Host: t\r\nX: a\0b\r\n", 17))},
        Refusal{"bare CR in a value", get("Host: t\r\nX: a\rb\r\n")},
        Refusal{"unknown expectation", post("Expect: tea\r\nContent-Length: 1\r\n", "x")}));

INSTANTIATE_TEST_SUITE_P(
    Framing, SessionRefuses,
    testing::Values(
        Refusal{"both framings",
                post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")},
        Refusal{"both, other order",
                post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n")},
        Refusal{"different lengths", post("Content-Length: 1\r\nContent-Length: 2\r\n", "xy")},
        Refusal{"different lengths in one", post("Content-Length: 1, 2\r\n", "xy")},
        Refusal{"negative length", post("Content-Length: -1\r\n", "")},
        Refusal{"length with sign", post("Content-Length: +1\r\n", "x")},
        Refusal{"hexadecimal length", post("Content-Length: 0x1\r\n", "x")},
        Refusal{"length beyond 64 bits", post("Content-Length: 18446744073709551616\r\n", "x")},
        Refusal{"empty length", post("Content-Length:\r\n", "")},
        Refusal{"other coding", post("Transfer-Encoding: gzip\r\n", "")},
        Refusal{"two codings", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n")},
        Refusal{"chunked twice", post("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n")},
        Refusal{"identity", post("Transfer-Encoding: identity\r\n", "")},
        Refusal{"two lines",
                post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n")},
        Refusal{"obscured", post("Transfer-Encoding: \x0b"
                                 "chunked\r\n",
                                 "0\r\n\r\n")},
        Refusal{"chunked on 1.0",
                "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"}));

INSTANTIATE_TEST_SUITE_P(
    Chunks, SessionRefuses,
    testing::Values(
        Refusal{"no size", post("Transfer-Encoding: chunked\r\n", "\r\nabc\r\n0\r\n\r\n")},
        Refusal{"bad size", post("Transfer-Encoding: chunked\r\n", "xyz\r\nabc\r\n0\r\n\r\n")},
        Refusal{"huge size", post("Transfer-Encoding: chunked\r\n", "10000000000000000\r\nabc")},
        Refusal{"bare line feed", post("Transfer-Encoding: chunked\r\n", "3\nabc\n0\n\n\r\n\r\n")},
        Refusal{"data longer than its size",
                post("Transfer-Encoding: chunked\r\n", "3\r\nabcd\r\n0\r\n\r\n")},
        Refusal{"bad extension", post("Transfer-Encoding: chunked\r\n", "3;=\r\nabc\r\n0\r\n\r\n")},
        Refusal{"bad trailer", post("Transfer-Encoding: chunked\r\n", "0\r\nX y\r\n\r\n")},
        Refusal{"too large", post("Transfer-Encoding: chunked\r\n", "8000001\r\n"), 413},
        Refusal{"endless size line",
                post("Transfer-Encoding: chunked\r\n", "3;" + std::string(40'000, 'x')), 431}));

INSTANTIATE_TEST_SUITE_P(
    Sizes, SessionRefuses,
    testing::Values(Refusal{"long target", get("Host: t\r\n", "/" + std::string(20'000, 'a')), 431},
                    Refusal{"long value", get("Host: t\r\nX: " + std::string(20'000, 'a') + "\r\n"),
                            431},
                    Refusal{"endless line", "GET /" + std::string(100'000, 'a'), 431},
                    Refusal{"declared body", post("Content-Length: 134217729\r\n", ""), 413},
                    Refusal{"declared body of the largest size",
                            post("Content-Length: 18446744073709551615\r\n", ""), 413},
                    Refusal{"a large body where none is taken",
                            get("Host: t\r\nContent-Length: 65537\r\n"), 413}));

// Its size is not announced, so only its bytes show that there is no room for it.
TEST(SessionLimits, AChunkedBodyBeyondTheMemoryForBodiesIsToldSo) {
  HttpLimits limits;
  limits.body_memory_bytes = 100'000;
  TestServer server(limits);
  TestClient client = server.connect();
  ASSERT_TRUE(client.send(post("Transfer-Encoding: chunked\r\n", "30d40\r\n" + pattern(200'000))));
  const auto reply = client.receive();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 503U);
  EXPECT_NE(reply->header("retry-after"), "");
  // What had been taken of it is given back although that client is still there.
  EXPECT_EQ(server.connect().request("POST", "/echo", pattern(50'000))->status, 200U);
}

TEST(SessionLimits, AHeaderOfExactlyTheLimitIsAccepted) {
  HttpLimits limits;
  limits.header_bytes = 1000;
  TestServer server(limits);
  const std::string frame = get("Host: t\r\nX: \r\n");
  for (const std::size_t size : {1000U, 1001U}) {
    TestClient client = server.connect();
    ASSERT_TRUE(
        client.send(get("Host: t\r\nX: " + std::string(size - frame.size(), 'a') + "\r\n")));
    EXPECT_EQ(client.receive()->status, size == 1000 ? 200U : 431U);
  }
}

TEST(SessionLimits, ManySmallHeadersAreOneLargeHeader) {
  TestServer server;
  TestClient client = server.connect();
  std::string headers = "Host: t\r\n";
  for (int i = 0; i < 3000; ++i) headers += "a:\r\n";
  ASSERT_TRUE(client.send(get(headers)));
  EXPECT_EQ(client.receive()->status, 200U);
  for (int i = 0; i < 3000; ++i) headers += "a:\r\n";
  ASSERT_TRUE(client.send(get(headers)));
  EXPECT_EQ(client.receive()->status, 431U);
}

TEST(SessionLimits, EqualRepeatedLengthsAreOneLength) {
  TestServer server;
  TestClient client = server.connect();
  ASSERT_TRUE(client.send(post("Content-Length: 2\r\nContent-Length: 2\r\n", "ab")));
  EXPECT_EQ(client.receive()->body, "ab");
}

TEST(SessionLimits, ABadPathIsRefusedAndTheConnectionKept) {
  TestServer server;
  TestClient client = server.connect();
  EXPECT_EQ(client.request("GET", "/wasm/%zz")->status, 400U);
  EXPECT_EQ(client.request("GET", "/healthz")->status, 200U);
}

}  // namespace
}  // namespace wasm_server

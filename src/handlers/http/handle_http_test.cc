// What a handler sees of a request, and how its answer is framed.

#include "handlers/http/handle_http.h"

#include "handlers/http/handler_test.h"

namespace wasm_server {
namespace {

using namespace testing_http;

class HandleHttp : public HttpHandlerTest {
 protected:
  void answer(HttpFields fields, const std::string& body, HttpFields trailers = {},
              unsigned status = 200) {
    guest("a",
          {Begin{status, std::move(fields)}, Send{body}, EndAnswer{std::move(trailers)}, Return{}});
  }
  // The same, but so that the answer begins before it ends.
  void answer_slowly(HttpFields fields, const std::string& body, HttpFields trailers = {},
                     unsigned status = 200) {
    guest("a", {Begin{status, std::move(fields)}, Send{body}, AwaitGo{}, Send{body},
                EndAnswer{std::move(trailers)}, Return{}});
  }
  std::optional<TestReply> raw(const std::string& request, bool to_head = false) {
    client_->send(request);
    return client_->receive(to_head);
  }
};

TEST_F(HandleHttp, ShowsTheRequestAsItWasSent) {
  guest("show", {ShowRequest{}});
  EXPECT_EQ(call("GET", "/http/show/a%2Fb/%20c//d?x=1&y=%26&").body.substr(0, 5), "GET h");
  const auto reply = raw(
      "PROPFIND /http/show/a%2Fb//c?x=%26&? HTTP/1.1\r\nHost: Example.org:81\r\nX-One: 1\r\n"
      "x-one: 2\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nTE: trailers\r\n"
      "Proxy-Authorization: x\r\nUpgrade: h2c\r\nAuthorization: Basic abc\r\nContent-Length: 0"
      "\r\nWasm-Timeout-Ms: 5000\r\n\r\n");
  EXPECT_EQ(reply->body,
            "PROPFIND http Example.org:81 /a%2Fb//c?x=%26&?\n"
            "X-One: 1\nx-one: 2\nTE: trailers\nAuthorization: Basic abc\nContent-Length: 0\n");
}

TEST_F(HandleHttp, ShowsAPathThatBeginsWithASlash) {
  guest("show", {ShowRequest{}});
  const auto path_of = [this](const std::string& target) {
    const std::string body = call("GET", target).body;
    const std::string line = body.substr(0, body.find('\n'));
    return line.substr(line.rfind(' ') + 1);
  };
  EXPECT_EQ(path_of("/http/show"), "/");
  EXPECT_EQ(path_of("/http/show/"), "/");
  EXPECT_EQ(path_of("/http/show?"), "/?");
  EXPECT_EQ(path_of("/http/show?a=b"), "/?a=b");
  EXPECT_EQ(path_of("/http/show/?a=b"), "/?a=b");
  EXPECT_EQ(path_of("/http/show/wasm/x?revision=9"), "/wasm/x?revision=9");
}

TEST_F(HandleHttp, ShowsNoTokenOfThisServer) {
  guest("show", {ShowRequest{}});
  const auto body = call("GET", "/http/show", "", {{"Authorization", "bearer  wsk_a_b"}}).body;
  EXPECT_EQ(body.find("wsk_"), body.npos);
  EXPECT_NE(call("GET", "/http/show", "", {{"Authorization", "Bearer x"}}).body.find("Bearer x"),
            body.npos);
}

TEST_F(HandleHttp, EveryMethodIsTheHandlers) {
  guest("show", {ShowRequest{}});
  for (const char* method : {"GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "X"})
    EXPECT_EQ(call(method, "/http/show/x").body.find(method), 0U) << method;
}

TEST_F(HandleHttp, AnAnswerThatIsWholeAtOnceHasItsLength) {
  answer({{"Content-Type", "text/html"}, {"Set-Cookie", "a=1"}, {"Set-Cookie", "b=2"}}, "hello", {},
         201);
  const auto reply = call("GET", "/http/a");
  EXPECT_EQ(reply.status, 201U);
  EXPECT_EQ(reply.body, "hello");
  EXPECT_EQ(reply.header("content-length"), "5");
  EXPECT_EQ(reply.header("content-type"), "text/html");
  EXPECT_EQ(reply.header("set-cookie"), "a=1, b=2");
  EXPECT_EQ(trace_->steps, 1U);
  EXPECT_TRUE(eventually_ends_as("a", "answered"));
}

TEST_F(HandleHttp, OneThatIsNotIsChunked) {
  answer_slowly({{"Content-Type", "text/plain"}}, "hello");
  const auto reply = get_in_two("/http/a");
  EXPECT_EQ(reply.body, "hellohello");
  EXPECT_TRUE(reply.complete);
  EXPECT_EQ(reply.header("transfer-encoding"), "chunked");
  EXPECT_EQ(reply.header("content-length"), "");
  EXPECT_EQ(get_in_two("/http/a").status, 200U) << "the connection is kept";
}

TEST_F(HandleHttp, TheGuestsLengthIsKept) {
  answer_slowly({{"content-length", "10"}}, "hello");
  const auto reply = get_in_two("/http/a");
  EXPECT_EQ(reply.header("content-length"), "10");
  EXPECT_EQ(reply.header("transfer-encoding"), "");
  EXPECT_EQ(reply.body, "hellohello");
}

TEST_F(HandleHttp, AnotherLengthThanPromisedIsNoAnswer) {
  for (const char* length : {"4", "6"}) {
    answer({{"Content-Length", length}}, "hello");
    const auto reply = call("GET", "/http/a");
    EXPECT_EQ(reply.status, 502U);
    EXPECT_TRUE(has_code(reply, "bad-guest-answer"));
  }
}

TEST_F(HandleHttp, AnotherLengthThanPromisedCutsAnAnswerThatHasBegun) {
  for (const char* length : {"9", "11", "5"}) {
    answer_slowly({{"Content-Length", length}}, "hello");
    TestClient client(server_.address());
    const auto reply = call_in_two(client, "GET /http/a HTTP/1.1\r\nHost: t\r\n\r\n");
    EXPECT_TRUE(!reply || !reply->complete || reply->body == "hello") << length;
    EXPECT_TRUE(client.closes_within(std::chrono::seconds{5})) << length;
  }
}

TEST_F(HandleHttp, HeadHasTheHeaderOnly) {
  answer({{"Content-Length", "5"}}, "hello");
  auto reply = raw("HEAD /http/a HTTP/1.1\r\nHost: t\r\n\r\n", true);
  EXPECT_EQ(reply->header("content-length"), "5");
  answer({}, "hello");
  reply = raw("HEAD /http/a HTTP/1.1\r\nHost: t\r\n\r\n", true);
  EXPECT_EQ(reply->header("content-length"), "") << "nobody knows it";
  answer_slowly({}, "hello");
  reply = call_in_two(*client_, "HEAD /http/a HTTP/1.1\r\nHost: t\r\n\r\n", true);
  EXPECT_EQ(reply->status, 200U);
  guest("a", {ShowRequest{}});
  EXPECT_EQ(call("GET", "/http/a").body.substr(0, 3), "GET") << "nothing was in between";
}

TEST_F(HandleHttp, SomeStatusesHaveNoBody) {
  for (const unsigned status : {204U, 304U, 205U}) {
    answer({}, "hello", {}, status);
    EXPECT_EQ(call("GET", "/http/a").body, "") << status;
    answer_slowly({}, "hello", {}, status);
    const auto reply = get_in_two("/http/a");
    EXPECT_EQ(reply.status, status);
    EXPECT_EQ(reply.body, "");
    EXPECT_EQ(reply.header("transfer-encoding"), "");
    answer({}, "hello");
    EXPECT_EQ(call("GET", "/http/a").body, "hello") << "nothing was in between";
  }
}

TEST_F(HandleHttp, TrailersFollowTheBodyWhenTheHeaderSaysSo) {
  const HttpFields trailers{{"X-Sum", "42"}, {"Content-Length", "1"}, {"Bad\r\nName", "x"}};
  for (const bool is_slow : {false, true}) {
    const HttpFields fields{{"Trailer", "X-Sum"}};
    is_slow ? answer_slowly(fields, "hi", trailers) : answer(fields, "hi", trailers);
    trace_->go = false;
    client_->send("GET /http/a HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(eventually([this] { return client_->has_input(); }));
    trace_->go = true;
    std::string all;
    for (std::string piece = client_->receive_raw(4096); !piece.empty();
         piece = client_->receive_raw(4096))
      all += piece;
    EXPECT_TRUE(all.ends_with("\r\n0\r\nX-Sum: 42\r\n\r\n")) << all;
    client_.emplace(server_.address());
  }
  answer({}, "hi", trailers);
  EXPECT_EQ(call("GET", "/http/a").header("content-length"), "2");
}

TEST_F(HandleHttp, TheConnectionsFieldsAreTheServers) {
  answer({{"Connection", "close, X-Hop"},
          {"X-Hop", "1"},
          {"Transfer-Encoding", "chunked"},
          {"Keep-Alive", "1"},
          {"Upgrade", "x"},
          {"Date", "then"},
          {"X-Request-Id", "mine"},
          {"X-Kept", "1"}},
         "hello");
  const auto reply = call("GET", "/http/a", "", {{"X-Request-Id", "r-1"}});
  EXPECT_EQ(reply.body, "hello");
  for (const char* name : {"connection", "x-hop", "transfer-encoding", "keep-alive", "upgrade"})
    EXPECT_EQ(reply.header(name), "") << name;
  EXPECT_EQ(reply.header("x-request-id"), "r-1");
  EXPECT_EQ(reply.header("date").find("then"), std::string::npos);
  EXPECT_EQ(reply.header("x-kept"), "1");
}

TEST_F(HandleHttp, ItsPagesHaveNoOrigin) {
  answer({{"Content-Security-Policy", "default-src 'none'"}}, "hello");
  const std::string policy = call("GET", "/http/a").header("content-security-policy");
  EXPECT_NE(policy.find("sandbox allow-scripts"), policy.npos);
  EXPECT_EQ(policy.find("allow-same-origin"), policy.npos);
  EXPECT_NE(policy.find("default-src"), policy.npos) << "the guest's own holds besides";
}

TEST_F(HandleHttp, AClientOfHttp10GetsAllUpToTheEndOfTheConnection) {
  answer_slowly({}, "hello");
  const auto reply = call_in_two(*client_, "GET /http/a HTTP/1.0\r\n\r\n");
  EXPECT_EQ(reply->header("transfer-encoding"), "");
  EXPECT_EQ(reply->body, "hellohello");
  guest("show", {ShowRequest{}});
  client_.emplace(server_.address());
  EXPECT_EQ(raw("GET /http/show HTTP/1.0\r\n\r\n")->body, "GET http  /\n") << "without a Host";
}

TEST_F(HandleHttp, TheHeaderDoesNotWaitForTheBody) {
  guest("a", {Begin{}, Sleep{std::chrono::hours{1}}});
  client_->send("GET /http/a HTTP/1.1\r\nHost: t\r\n\r\n");
  std::string head;
  while (head.find("\r\n\r\n") == head.npos) {
    const std::string piece = client_->receive_raw(4096);
    ASSERT_FALSE(piece.empty()) << head;
    head += piece;
  }
  EXPECT_EQ(head.find("HTTP/1.1 200"), 0U);
}

// Also one that still has something to do, or to read.
TEST_F(HandleHttp, AnAnswerEndsWhenItIsWholeNotWhenItsGuestEnds) {
  guest("a", {Begin{}, Send{"hello"}, EndAnswer{}, AwaitGo{}, Return{}});
  const auto reply = call("GET", "/http/a");
  EXPECT_EQ(reply.body, "hello");
  EXPECT_EQ(reply.header("content-length"), "5");
  EXPECT_TRUE(ends("a").empty());
  trace_->go = true;
  EXPECT_TRUE(eventually_ends_as("a", "answered"));

  guest("b", {Begin{}, Send{"hello"}, EndAnswer{}, Drain{}, Return{}});
  client_->send("POST /http/b HTTP/1.1\r\nHost: t\r\nContent-Length: 1000000\r\n\r\n");
  EXPECT_EQ(client_->receive()->body, "hello");
  EXPECT_TRUE(eventually_ends_as("b", "answered"));
}

}  // namespace
}  // namespace wasm_server

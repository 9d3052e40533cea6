#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "handlers/handler_test.h"
#include "testing/eventually.h"

namespace wasm_server {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::StartsWith;

class TokensTest : public HandlerTest {
 protected:
  // The answer to who made it.
  boost::json::value create(const std::string& request, const std::string& by = {}) {
    const TestReply reply = call("POST", "/tokens", request, headers(by));
    EXPECT_EQ(reply.status, 201U) << reply.body;
    EXPECT_EQ(reply.header("cache-control"), "no-store");
    return json(reply);
  }
  std::string make(const std::string& scopes, const std::string& more = {}) {
    const std::string request = R"({"scopes":[)" + scopes + "]" + more + "}";
    return std::string(create(request, admin_).at("token").as_string());
  }
  // From now on there is a token, so that all need one.
  void close() { admin_ = make(R"("admin")"); }

  static Headers headers(const std::string& token) {
    Headers all{{"Content-Type", "application/json"}};
    if (!token.empty()) all.emplace_back("Authorization", "Bearer " + token);
    return all;
  }
  unsigned status_of(const std::string& method, const std::string& target,
                     const std::string& token = {}, std::string_view body = {}) {
    return call(method, target, body, headers(token)).status;
  }
  unsigned status_with(const std::string& token) { return status_of("GET", "/wasm", token); }

  static std::string id_of(const std::string& token) { return token.substr(4, 13); }

  std::string admin_;
};

TEST_F(TokensTest, NobodyNeedsOneWhileThereAreNone) {
  EXPECT_EQ(status_of("GET", "/wasm"), 200U);
  EXPECT_EQ(status_of("GET", "/tokens"), 200U);
}

TEST_F(TokensTest, WhereOthersReachItAllNeedOneEvenSo) {
  open_without_tokens_ = false;
  EXPECT_EQ(status_of("GET", "/wasm"), 401U);
  EXPECT_EQ(status_of("GET", "/healthz"), 200U);
}

TEST_F(TokensTest, IsShownToWhoMadeItAndToNobodyElse) {
  const auto made = create(R"({"scopes":["write","read"],"prefix":"team.","expires_in_s":3600})");
  const std::string text(made.at("token").as_string());
  EXPECT_THAT(text, StartsWith("wsk_"));
  EXPECT_EQ(serialize(made.at("scopes")), R"(["read","write"])");
  EXPECT_EQ(made.at("prefix").as_string(), "team.");
  EXPECT_EQ(made.at("created_at").as_string(), "2026-11-23T00:00:00.000Z");
  EXPECT_EQ(made.at("expires_at").as_string(), "2026-11-23T01:00:00.000Z");
  EXPECT_TRUE(made.at("last_used_at").is_null());
  open_without_tokens_ = false;
  admin_ = text;  // of too few rights
  const TestReply refused = call("GET", "/tokens", {}, headers(text));
  EXPECT_EQ(refused.status, 403U);
  EXPECT_THAT(refused.header("www-authenticate"), HasSubstr(R"(scope="admin")"));
}

TEST_F(TokensTest, AListHasNoSecrets) {
  close();
  const TestReply list = call("GET", "/tokens", {}, headers(admin_));
  EXPECT_EQ(list.status, 200U);
  EXPECT_THAT(list.body, HasSubstr(id_of(admin_)));
  EXPECT_THAT(list.body, testing::Not(HasSubstr("wsk_")));
}

TEST_F(TokensTest, EachScopeAllowsItsOwnRoutesOnly) {
  add("m", "(module (func (export \"f\")))");
  close();
  struct Row {
    const char* scope;
    unsigned read, write, execute, admin;
  };
  for (const auto& [scope, read, write, execute, admin] : {
           Row{"read", 200, 403, 403, 403},
           Row{"write", 403, 200, 403, 403},
           Row{"execute", 403, 403, 200, 403},
           Row{"admin", 200, 200, 200, 200},
       }) {
    const std::string token = make("\"" + std::string(scope) + "\"");
    EXPECT_EQ(status_of("GET", "/wasm/m", token), read) << scope;
    EXPECT_EQ(status_of("PUT", "/wasm/m", token, R"({"labels":{}})"), write) << scope;
    EXPECT_EQ(status_of("POST", "/wasm/m", token, "[]"), execute) << scope;
    EXPECT_EQ(status_of("GET", "/tokens", token), admin) << scope;
    EXPECT_EQ(status_of("GET", "/readyz", token), 200U) << scope;
  }
}

TEST_F(TokensTest, WhatIsNoGoodTokenIsToldSoInOneWay) {
  close();
  const std::string other = make(R"("read")");
  std::string forged = admin_;
  forged.replace(4, 13, id_of(other));
  for (const std::string& token : {std::string("x"), forged, admin_ + "0", admin_.substr(1)}) {
    const TestReply reply = call("GET", "/wasm", {}, headers(token));
    EXPECT_EQ(reply.status, 401U);
    EXPECT_EQ(code_of(reply), "unauthorized");
    EXPECT_EQ(json(reply).at("detail").as_string(), "the access token is not valid");
    EXPECT_THAT(reply.header("www-authenticate"), HasSubstr(R"(error="invalid_token")"));
  }
  const TestReply none = call("GET", "/wasm", {}, {{"Authorization", "Basic eDp5"}});
  EXPECT_EQ(none.status, 401U);
  EXPECT_EQ(none.header("www-authenticate"), R"(Bearer realm="wasm-server")");
  EXPECT_EQ(call("GET", "/wasm", {}, {{"authorization", "bearer " + admin_}}).status, 200U);
}

TEST_F(TokensTest, ARevokedOneFailsFromTheNextRequestOn) {
  close();
  const std::string token = make(R"("read")");
  EXPECT_EQ(status_with(token), 200U);
  EXPECT_EQ(status_of("DELETE", "/tokens/" + id_of(token), admin_), 204U);
  EXPECT_EQ(status_with(token), 401U);
  EXPECT_EQ(status_of("DELETE", "/tokens/" + id_of(token), admin_), 404U);
}

TEST_F(TokensTest, AnExpiredOneFails) {
  close();
  const std::string token = make(R"("read")", R"(,"expires_in_s":60)");
  EXPECT_EQ(status_with(token), 200U);
  clock_.advance(seconds(60));
  EXPECT_EQ(status_with(token), 401U);
}

TEST_F(TokensTest, ARotatedOneIsGoodForAWhile) {
  close();
  const std::string former = make(R"("read")");
  const std::string path = "/tokens/" + id_of(former) + "/rotate";
  const TestReply reply = call("POST", path, R"({"overlap_s":3600})", headers(admin_));
  ASSERT_EQ(reply.status, 200U) << reply.body;
  const std::string next(json(reply).at("token").as_string());
  EXPECT_EQ(id_of(next), id_of(former));
  EXPECT_EQ(status_with(former), 200U);
  EXPECT_EQ(status_with(next), 200U);
  clock_.advance(hours(1));
  EXPECT_EQ(status_with(former), 401U);
  EXPECT_EQ(status_with(next), 200U);
  EXPECT_EQ(status_of("POST", path, admin_), 200U);
  EXPECT_EQ(status_with(next), 401U) << "without an overlap";
  EXPECT_EQ(status_of("POST", "/tokens/none/rotate", admin_), 404U);
}

TEST_F(TokensTest, KeepsToItsPrefix) {
  for (const char* id : {"team.a", "other"}) add(id, "(module (func (export \"f\")))");
  close();
  const std::string token = make(R"("read","write","execute")", R"(,"prefix":"team.")");
  EXPECT_EQ(status_of("GET", "/wasm/team.a", token), 200U);
  EXPECT_EQ(status_of("POST", "/wasm/team.a", token, "[]"), 200U);
  for (const char* method : {"GET", "PUT", "DELETE", "POST"})
    EXPECT_EQ(status_of(method, "/wasm/other", token, "[]"), 403U) << method;
  const auto ids = [&](const std::string& query) {
    return call("GET", "/wasm" + query, {}, headers(token)).body;
  };
  EXPECT_THAT(ids(""), HasSubstr("team.a"));
  EXPECT_THAT(ids(""), testing::Not(HasSubstr("other")));
  EXPECT_THAT(ids("?prefix=t"), HasSubstr("team.a"));
  EXPECT_EQ(ids("?prefix=o"), R"({"items":[]})");
  const auto save = [&](const std::string& query) {
    return call("POST", "/wasm" + query, "(module)",
                {{"Content-Type", "text/wat"}, {"Authorization", "Bearer " + token}});
  };
  EXPECT_EQ(save("?id=other2").status, 403U);
  EXPECT_EQ(save("?id=team.b").status, 201U);
  EXPECT_THAT(save("").header("location"), StartsWith("/wasm/team."));
  EXPECT_EQ(status_of("POST", "/wasm", token, R"({"id":"x","wasm":"AGFzbQEAAAA="})"), 403U);
}

TEST_F(TokensTest, KnowsToTheMinuteWhenItWasUsedLast) {
  close();
  const auto last_use = [&] {
    const TestReply list = call("GET", "/tokens", {}, headers(admin_));
    const auto document = json(list);
    return serialize(document.at("items").at(0).at("last_used_at"));
  };
  EXPECT_TRUE(eventually([&] { return last_use() == R"("2026-11-23T00:00:00.000Z")"; }));
  clock_.advance(seconds(59));
  EXPECT_EQ(last_use(), R"("2026-11-23T00:00:00.000Z")");
  clock_.advance(seconds(1));
  EXPECT_TRUE(eventually([&] { return last_use() == R"("2026-11-23T00:01:00.000Z")"; }));
}

TEST_F(TokensTest, SaysWhatIsWrongWithARequest) {
  for (const auto& [request, mention] : {
           std::pair{"", "JSON"},
           {"[]", "object"},
           {"{}", "scope"},
           {R"({"scopes":[]})", "scope"},
           {R"({"scopes":"read"})", "array"},
           {R"({"scopes":["root"]})", "read, write, execute and admin"},
           {R"({"scopes":["read"],"prefix":"a b"})", "prefix"},
           {R"({"scopes":["admin"],"prefix":"a"})", "prefix"},
           {R"({"scopes":["read"],"expires_in_s":0})", "second"},
           {R"({"scopes":["read"],"expires_in_s":-1})", "seconds"},
           {R"({"scopes":["read"],"expires_in_s":5000000000})", "seconds"},
           {R"({"scopes":["read"],"name":"x"})", "\"name\""},
       }) {
    const TestReply reply = call("POST", "/tokens", request, headers({}));
    EXPECT_EQ(reply.status, 400U) << request;
    EXPECT_THAT(reply.body, HasSubstr(boost::json::serialize(boost::json::string(mention))
                                          .substr(1, std::string_view(mention).size())))
        << request;
  }
  EXPECT_EQ(call("POST", "/tokens", "{}", {{"Content-Type", "text/plain"}}).status, 415U);
  EXPECT_EQ(status_of("GET", "/wasm"), 200U) << "none was made";
}

}  // namespace
}  // namespace wasm_server

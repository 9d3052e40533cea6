#include "http/origin_rules.h"

#include <gtest/gtest.h>

#include "http/origin_filter.h"

namespace wasm_server {
namespace {

using Verdict = OriginRules::Verdict;
using Headers = std::vector<Request::Header>;

Verdict judge(const OriginRules& rules, std::string_view host, Headers headers = {}) {
  Request request;
  request.host = host;
  request.headers = std::move(headers);
  return rules.judge(request);
}

OriginRules on_loopback(const OriginSettings& settings = {}) {
  OriginRules rules(settings);
  rules.listen_on("127.0.0.1:0", "127.0.0.1:8080");
  return rules;
}

TEST(OriginRules, OnALoopbackAddressOnlyItsOwnHostsAreTaken) {
  const OriginRules rules = on_loopback();
  for (const char* own : {"127.0.0.1:8080", "localhost:8080", "LocalHost:8080", "[::1]:8080",
                          "127.0.0.1", "localhost", "[::1]", ""}) {
    EXPECT_EQ(judge(rules, own), Verdict::kOwn) << own;
  }
  for (const char* foreign :
       {"evil.example:8080", "evil.example", "127.0.0.1:8081", "localhost:80", "localhost.:8080",
        "127.0.0.1.evil.example:8080", "localhost.evil.example", "[::2]:8080", "0.0.0.0:8080"}) {
    EXPECT_EQ(judge(rules, foreign), Verdict::kForeignHost) << foreign;
  }
}

TEST(OriginRules, TheNameThatItListensOnIsItsOwn) {
  OriginRules rules{OriginSettings{}};
  rules.listen_on("build-7.internal:0", "127.0.1.1:9");
  EXPECT_EQ(judge(rules, "build-7.internal:9"), Verdict::kOwn);
  EXPECT_EQ(judge(rules, "127.0.1.1:9"), Verdict::kOwn);
  EXPECT_EQ(judge(rules, "build-8.internal:9"), Verdict::kForeignHost);
}

TEST(OriginRules, BeyondLoopbackAnyHostIsTakenUnlessTheyAreNamed) {
  OriginRules open{OriginSettings{}};
  open.listen_on("0.0.0.0:80", "0.0.0.0:80");
  EXPECT_EQ(judge(open, "anything.example"), Verdict::kOwn);
  OriginRules named{OriginSettings{.allowed_hosts = {"api.example"}}};
  named.listen_on("0.0.0.0:80", "0.0.0.0:80");
  EXPECT_EQ(judge(named, "api.example"), Verdict::kOwn);
  EXPECT_EQ(judge(named, "localhost:80"), Verdict::kOwn);
  EXPECT_EQ(judge(named, "anything.example"), Verdict::kForeignHost);
}

TEST(OriginRules, TheOperatorMayAllowHosts) {
  const OriginRules rules =
      on_loopback({.allowed_hosts = {"API.example", "other.example:8443", "[fd00::1]"}});
  for (const char* allowed :
       {"api.example", "api.EXAMPLE:1", "other.example:8443", "[fd00::1]:5", "localhost:8080"}) {
    EXPECT_EQ(judge(rules, allowed), Verdict::kOwn) << allowed;
  }
  for (const char* foreign : {"other.example", "other.example:80", "x.api.example", "fd00"}) {
    EXPECT_EQ(judge(rules, foreign), Verdict::kForeignHost) << foreign;
  }
  EXPECT_EQ(judge(on_loopback({.allowed_hosts = {"*"}}), "evil.example"), Verdict::kOwn);
}

TEST(OriginRules, PagesOfOtherOriginsAreForeign) {
  const OriginRules rules = on_loopback();
  const auto page = [&](const char* origin, const char* site) {
    Headers headers;
    if (origin != nullptr) headers.push_back({"Origin", origin});
    if (site != nullptr) headers.push_back({"Sec-Fetch-Site", site});
    return judge(rules, "localhost:8080", std::move(headers));
  };
  EXPECT_EQ(page("http://localhost:8080", "same-origin"), Verdict::kOwn);
  EXPECT_EQ(page("http://localhost:8080", nullptr), Verdict::kOwn);
  EXPECT_EQ(page("http://LOCALHOST:8080", nullptr), Verdict::kOwn);
  EXPECT_EQ(page(nullptr, "none"), Verdict::kOwn);  // typed in, or a bookmark
  EXPECT_EQ(page(nullptr, "same-origin"), Verdict::kOwn);
  for (const char* site : {"cross-site", "same-site", "something-new"}) {
    EXPECT_EQ(page(nullptr, site), Verdict::kForeignOrigin) << site;
    EXPECT_EQ(page("http://localhost:8080", site), Verdict::kForeignOrigin) << site;
  }
  for (const char* origin : {"http://localhost:3000", "http://localhost", "https://evil.example",
                             "null", "", "localhost:8080", "http://127.0.0.1:8080"}) {
    EXPECT_EQ(page(origin, nullptr), Verdict::kForeignOrigin) << origin;
  }
}

TEST(OriginRules, TheOperatorMayAllowOrigins) {
  const OriginRules rules = on_loopback({.cors_origins = {"https://App.example"}});
  EXPECT_EQ(judge(rules, "localhost", {{"Origin", "https://app.example"}}),
            Verdict::kAllowedOrigin);
  EXPECT_EQ(judge(rules, "localhost",
                  {{"origin", "https://app.example"}, {"sec-fetch-site", "cross-site"}}),
            Verdict::kAllowedOrigin);
  EXPECT_EQ(judge(rules, "localhost", {{"Origin", "http://app.example"}}), Verdict::kForeignOrigin);
  EXPECT_EQ(judge(rules, "evil.example", {{"Origin", "https://app.example"}}),
            Verdict::kForeignHost);
  EXPECT_EQ(judge(rules, "localhost", {{"Sec-Fetch-Site", "cross-site"}}), Verdict::kForeignOrigin);
  const OriginRules any = on_loopback({.cors_origins = {"*"}});
  EXPECT_EQ(judge(any, "localhost", {{"Origin", "null"}}), Verdict::kAllowedOrigin);
}

TEST(OriginRules, SettingsAreChecked) {
  for (const char* good : {"*", "a", "a.example:1", "[::1]", "[::1]:80"}) {
    EXPECT_TRUE(check_allowed_host(good)) << good;
  }
  for (const char* bad : {"", ":80", "a:b", "http://a", "[::1", "a/b"}) {
    EXPECT_FALSE(check_allowed_host(bad)) << bad;
  }
  for (const char* good : {"*", "https://a", "http://a:1", "http://[::1]:80", "app://x"}) {
    EXPECT_TRUE(check_cors_origin(good)) << good;
  }
  for (const char* bad :
       {"", "a", "null", "https://", "https://a/", "https://a/b", "https://a:b"}) {
    EXPECT_FALSE(check_cors_origin(bad)) << bad;
  }
}

std::string field(const Reply& reply, std::string_view name) {
  std::string values;
  for (const auto& [found, value] : reply.headers) {
    if (found != name) continue;
    if (!values.empty()) values += "; ";
    values += value;
  }
  return values;
}

class OriginFilterTest : public testing::Test {
 protected:
  // What the filter answers itself, or an empty reply that has passed through it.
  Reply answer(Method method, Headers headers) {
    request_.method = method;
    request_.host = "localhost";
    request_.headers = std::move(headers);
    Reply reply;
    answered_ = filter_.answers(request_, nullptr, reply);
    filter_.on_reply(request_, nullptr, reply);
    return reply;
  }

  const OriginRules rules_ = on_loopback({.cors_origins = {"https://app.example"}});
  OriginFilter filter_{rules_};
  Request request_;
  bool answered_ = false;
};

TEST_F(OriginFilterTest, LetsAnAllowedPageReadTheAnswer) {
  const Reply reply = answer(Method::kPost, {{"Origin", "https://app.example"}});
  EXPECT_FALSE(answered_);
  EXPECT_EQ(field(reply, "Access-Control-Allow-Origin"), "https://app.example");
  EXPECT_NE(field(reply, "Access-Control-Expose-Headers").find("ETag"), std::string::npos);
  EXPECT_EQ(field(reply, "Vary"), "Origin");
}

TEST_F(OriginFilterTest, AnswersItsPreflights) {
  const Reply reply = answer(Method::kOptions, {{"Origin", "https://app.example"},
                                                {"Access-Control-Request-Method", "DELETE"},
                                                {"Access-Control-Request-Headers", "if-match"}});
  EXPECT_TRUE(answered_);
  EXPECT_EQ(reply.status, 204U);
  EXPECT_EQ(field(reply, "Access-Control-Allow-Origin"), "https://app.example");
  EXPECT_NE(field(reply, "Access-Control-Allow-Methods").find("DELETE"), std::string::npos);
  EXPECT_EQ(field(reply, "Access-Control-Allow-Headers"), "if-match");
}

TEST_F(OriginFilterTest, RefusesOthersWithoutSayingThatTheyMayReadIt) {
  for (const Method method : {Method::kGet, Method::kPost, Method::kOptions}) {
    const Reply reply = answer(
        method, {{"Origin", "https://evil.example"}, {"Access-Control-Request-Method", "DELETE"}});
    EXPECT_TRUE(answered_);
    EXPECT_EQ(reply.status, 403U);
    EXPECT_EQ(field(reply, "Access-Control-Allow-Origin"), "");
  }
}

TEST_F(OriginFilterTest, SaysNothingOfOriginsWhereNoneIsAllowed) {
  const OriginRules rules = on_loopback();
  OriginFilter filter(rules);
  Reply reply;
  EXPECT_FALSE(filter.answers(request_, nullptr, reply));
  filter.on_reply(request_, nullptr, reply);
  EXPECT_TRUE(reply.headers.empty());
}

// Guests' pages are sandboxed: to a browser, what they ask is of another origin.
class GuestsPage : public OriginFilterTest {
 protected:
  Reply ask(Method method, std::string_view path, std::string_view rest, Headers headers,
            const Route* route) {
    request_.path = path;
    request_.rest = request_.path.substr(request_.path.size() - rest.size());
    headers.push_back({"Sec-Fetch-Site", "cross-site"});
    request_.method = method;
    request_.host = "localhost";
    request_.headers = std::move(headers);
    Reply reply;
    answered_ = filter_.answers(request_, route, reply);
    filter_.on_reply(request_, route, reply);
    return reply;
  }
  bool is_let_in(std::string_view page, std::string_view path = "/http/app/x",
                 std::string_view rest = "x") {
    ask(Method::kGet, path, rest, {{"Referer", page}}, &guests_);
    return !answered_;
  }

  const Route guests_{.is_guests = true};
  const Route servers_{};
};

TEST_F(GuestsPage, MayCallItsOwnGuest) {
  EXPECT_TRUE(is_let_in("http://localhost/http/app/page?x"));
  EXPECT_TRUE(is_let_in("http://LOCALHOST/http/app"));
  EXPECT_TRUE(is_let_in("http://localhost/http/app?x", "/http/app", ""));
  EXPECT_TRUE(is_let_in("http://localhost/http/app/", "/http/app/", ""));
}

TEST_F(GuestsPage, MayCallNothingElse) {
  const Headers of_page{{"Referer", "http://localhost/http/app/page"}};
  ask(Method::kGet, "/wasm", "", of_page, &servers_);
  EXPECT_TRUE(answered_);
  ask(Method::kGet, "/none", "", of_page, nullptr);
  EXPECT_TRUE(answered_);
  EXPECT_FALSE(is_let_in("http://localhost/http/app2/page"));
  EXPECT_FALSE(is_let_in("http://localhost/http/ap"));
  EXPECT_FALSE(is_let_in("http://localhost/wasm/app/page"));
  EXPECT_FALSE(is_let_in("http://evil.example/http/app/page"));
  EXPECT_FALSE(is_let_in("http://localhost:81/http/app/page"));
  EXPECT_FALSE(is_let_in("http://localhost@evil.example/http/app/page"));
  EXPECT_FALSE(is_let_in("/http/app/page"));
  EXPECT_FALSE(is_let_in(""));
}

TEST_F(GuestsPage, MayReadTheAnswers) {
  const Headers of_page{{"Referer", "http://localhost/http/app/page"}, {"Origin", "null"}};
  Reply reply = ask(Method::kPost, "/http/app/x", "x", of_page, &guests_);
  EXPECT_EQ(field(reply, "Access-Control-Allow-Origin"), "null");
  Headers preflight = of_page;
  preflight.push_back({"Access-Control-Request-Method", "PATCH"});
  reply = ask(Method::kOptions, "/http/app/x", "x", preflight, &guests_);
  EXPECT_TRUE(answered_);
  EXPECT_EQ(field(reply, "Access-Control-Allow-Methods"), "PATCH");
  reply = ask(Method::kPost, "/http/app/x", "x",
              {{"Referer", "http://evil.example/"}, {"Origin", "null"}}, &guests_);
  EXPECT_EQ(reply.status, 403U);
  EXPECT_EQ(field(reply, "Access-Control-Allow-Origin"), "");
}

}  // namespace
}  // namespace wasm_server

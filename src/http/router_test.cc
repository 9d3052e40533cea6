#include "http/router.h"

#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

using Outcome = Router::Outcome;

constexpr Route kRoutes[] = {
    {.name = "list", .pattern = "/wasm"},
    {.name = "add", .method = Method::kPost, .pattern = "/wasm"},
    {.name = "get", .pattern = "/wasm/{id}"},
    {.name = "delete", .method = Method::kDelete, .pattern = "/wasm/{id}"},
    {.name = "revisions", .pattern = "/wasm/{id}/revisions"},
    {.name = "info", .pattern = "/wasm/info/all"},
    {.name = "files", .pattern = "/http/{id}/*"},
    {.name = "index", .pattern = "/http/{id}/index"},
};

Reply nothing(Request&) { return {}; }

Router make_router() {
  Router router(kRoutes);
  for (const Route& route : kRoutes) router.bind(route.name, nothing);
  router.check_complete();
  return router;
}

// The name of the route that is found.
std::string_view found(std::string_view path) {
  static const Router router = make_router();
  const Route* const route = router.match(Method::kGet, path).route;
  return route != nullptr ? route->name : "";
}

Outcome outcome(Method method, std::string_view path) {
  static const Router router = make_router();
  return router.match(method, path).outcome;
}

TEST(Router, FindsLiteralPaths) {
  EXPECT_EQ(outcome(Method::kGet, "/wasm"), Outcome::kHandler);
  EXPECT_EQ(outcome(Method::kGet, "/"), Outcome::kNotFound);
  EXPECT_EQ(outcome(Method::kGet, "/wasms"), Outcome::kNotFound);
  EXPECT_EQ(outcome(Method::kGet, "/wasm/a/b"), Outcome::kNotFound);
  EXPECT_EQ(outcome(Method::kGet, "/wasm/a/revisions"), Outcome::kHandler);
  EXPECT_EQ(outcome(Method::kGet, "/%77asm"), Outcome::kHandler);
}

TEST(Router, ATrailingSlashMakesAnotherPath) {
  EXPECT_EQ(outcome(Method::kGet, "/wasm/"), Outcome::kNotFound);
  EXPECT_EQ(outcome(Method::kGet, "/wasm/a/"), Outcome::kNotFound);
  EXPECT_EQ(outcome(Method::kGet, "//wasm"), Outcome::kNotFound);
}

TEST(Router, DecodesAndChecksTheId) {
  const Router router = make_router();
  EXPECT_EQ(router.match(Method::kGet, "/wasm/my-%41dd.1").id, "my-Add.1");
  EXPECT_EQ(outcome(Method::kGet, "/wasm/a%2Fb"), Outcome::kNotFound);
  EXPECT_EQ(outcome(Method::kGet, "/wasm/%00"), Outcome::kNotFound);
  EXPECT_EQ(outcome(Method::kGet, "/wasm/.."), Outcome::kNotFound);
  EXPECT_EQ(outcome(Method::kGet, "/wasm/" + std::string(128, 'a')), Outcome::kHandler);
  EXPECT_EQ(outcome(Method::kGet, "/wasm/" + std::string(129, 'a')), Outcome::kNotFound);
}

TEST(Router, RefusesWhatIsNoPath) {
  EXPECT_EQ(outcome(Method::kGet, "/wasm/%"), Outcome::kBadPath);
  EXPECT_EQ(outcome(Method::kGet, "/wasm/%4x"), Outcome::kBadPath);
  EXPECT_EQ(outcome(Method::kGet, "wasm"), Outcome::kBadPath);
  EXPECT_EQ(outcome(Method::kGet, "*"), Outcome::kBadPath);
}

TEST(Router, ARouteOfAnyMethodTakesThemAll) {
  constexpr Route kAny[] = {{.name = "any", .method = Method::kAny, .pattern = "/any/{id}/*"},
                            {.name = "put", .method = Method::kPut, .pattern = "/any/{id}/*"}};
  Router router(kAny);
  for (const Route& route : kAny) router.bind(route.name, nothing);
  for (const Method method : {Method::kGet, Method::kHead, Method::kPost, Method::kDelete,
                              Method::kOptions, Method::kOther}) {
    const Router::Match match = router.match(method, "/any/a//b%2Fc");
    ASSERT_EQ(match.outcome, Outcome::kHandler) << method_name(method);
    EXPECT_EQ(match.route->name, "any");
    EXPECT_EQ(match.rest, "/b%2Fc");
  }
  EXPECT_EQ(router.match(Method::kPut, "/any/a/").route->name, "put");
}

TEST(Router, SaysWhichMethodsThereAre) {
  const Router router = make_router();
  const Router::Match match = router.match(Method::kPut, "/wasm/a");
  EXPECT_EQ(match.outcome, Outcome::kMethodNotAllowed);
  EXPECT_EQ(match.allow, "GET, HEAD, DELETE, OPTIONS");
  EXPECT_EQ(router.match(Method::kOther, "/wasm").allow, "GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(router.match(Method::kOptions, "/wasm").outcome, Outcome::kOptions);
  EXPECT_EQ(router.match(Method::kOptions, "*").outcome, Outcome::kOptions);
  EXPECT_EQ(router.match(Method::kOptions, "/no").outcome, Outcome::kNotFound);
}

TEST(Router, AnswersHeadWithTheHandlerOfGet) {
  const Router router = make_router();
  const auto* get = router.match(Method::kGet, "/wasm/a").handler;
  ASSERT_NE(get, nullptr);
  EXPECT_EQ(router.match(Method::kHead, "/wasm/a").handler, get);
}

TEST(Router, TakesALiteralBeforeAnIdAndThatBeforeTheRest) {
  EXPECT_EQ(found("/wasm/info"), "get");
  EXPECT_EQ(found("/wasm/info/all"), "info");
  EXPECT_EQ(found("/wasm/info/revisions"), "revisions") << "though a literal leads elsewhere";
  EXPECT_EQ(found("/http/a/index"), "index");
  EXPECT_EQ(found("/http/a/index/b"), "files");
}

TEST(Router, GivesWhatAnAsteriskStandsFor) {
  const Router router = make_router();
  const Router::Match match = router.match(Method::kGet, "/http/m/a/b%2Fc//d/");
  EXPECT_EQ(match.id, "m");
  EXPECT_EQ(match.rest, "a/b%2Fc//d/");
  EXPECT_EQ(router.match(Method::kGet, "/http/m/").rest, "");
  EXPECT_EQ(found("/http/m/"), "files");
  EXPECT_EQ(found("/http/m"), "") << "without the slash it is another path";
  EXPECT_EQ(outcome(Method::kGet, "/http/no%20id/a"), Outcome::kNotFound);
}

TEST(Router, WantsAHandlerForEachRouteAndARouteForEachHandler) {
  Router router(kRoutes);
  EXPECT_THROW(router.check_complete(), std::logic_error);
  EXPECT_THROW(router.bind("lsit", nothing), std::logic_error);
  router.bind("list", nothing);
  EXPECT_THROW(router.bind("list", nothing), std::logic_error);
  EXPECT_THROW(router.check_complete(), std::logic_error);
}

TEST(Router, WantsEachNameAndEachPlaceOnce) {
  constexpr Route kOneName[] = {{.name = "a", .pattern = "/a"}, {.name = "a", .pattern = "/b"}};
  EXPECT_THROW(Router{kOneName}, std::logic_error);
  constexpr Route kOnePlace[] = {{.name = "a", .pattern = "/a"}, {.name = "b", .pattern = "/a"}};
  EXPECT_THROW(Router{kOnePlace}, std::logic_error);
}

}  // namespace
}  // namespace wasm_server

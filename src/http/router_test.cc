#include "http/router.h"

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

using Outcome = Router::Outcome;

Task<Reply> nothing(Request&) { co_return Reply{}; }

Router make_router() {
  Router router;
  router.add(Method::kGet, "/wasm", nothing);
  router.add(Method::kPost, "/wasm", nothing);
  router.add(Method::kGet, "/wasm/{id}", nothing);
  router.add(Method::kDelete, "/wasm/{id}", nothing);
  router.add(Method::kGet, "/wasm/{id}/revisions", nothing);
  return router;
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

TEST(Router, AdmitsLargeBodiesOnlyWhereOneIsTaken) {
  const Router router = make_router();
  EXPECT_TRUE(router.match(Method::kPost, "/wasm").body_allowed);
  EXPECT_FALSE(router.match(Method::kGet, "/wasm").body_allowed);
  EXPECT_FALSE(router.match(Method::kDelete, "/wasm/a").body_allowed);
}

}  // namespace
}  // namespace wasm_server

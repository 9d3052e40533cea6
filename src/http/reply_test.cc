#include "http/reply.h"

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

const Bytes& body_of(const Reply& reply) { return std::get<Bytes>(reply.body); }

TEST(Problem, IsTheDocumentOfTheContract) {
  const Reply reply = problem(Error{ErrorCode::kNotFound, "no module \"x\"", ""}, "r-1");
  EXPECT_EQ(reply.status, 404U);
  EXPECT_EQ(reply.content_type, "application/problem+json");
  EXPECT_EQ(body_of(reply),
            R"({"type":"about:blank","title":"Not Found","status":404,"detail":"no module \"x\"",)"
            R"("code":"not-found","request_id":"r-1"})");
  EXPECT_TRUE(reply.headers.empty());
}

TEST(Problem, QuotesOnlyTheStartOfALongReason) {
  const Reply reply = problem(Error{ErrorCode::kInvalidModule, Bytes(1U << 20, '\1'), ""}, "r");
  EXPECT_LT(body_of(reply).size(), 15'000U);
  EXPECT_NE(body_of(reply).find("\\u0001...\""), Bytes::npos);
}

TEST(Problem, TakesFurtherMembers) {
  const Reply reply =
      problem(Error{ErrorCode::kGuestTrap, "t", ""}, "r", R"(,"trap":"unreachable")");
  EXPECT_TRUE(body_of(reply).ends_with(R"("request_id":"r","trap":"unreachable"})"));
}

TEST(Problem, NeverShowsWhatIsForTheOperator) {
  const Reply reply = problem(Error{ErrorCode::kInternal, "an internal error", "secret path"}, "r");
  EXPECT_EQ(body_of(reply).find("secret"), Bytes::npos);
}

TEST(Problem, SaysWhenToTryAgain) {
  const Reply reply = problem(Error{ErrorCode::kOverloaded, "full", ""}, "r");
  EXPECT_EQ(reply.status, 503U);
  const HeaderFields::Field header = *reply.headers.begin();
  EXPECT_EQ(header.name, "Retry-After");
  EXPECT_EQ(header.value, "1");
}

}  // namespace
}  // namespace wasm_server

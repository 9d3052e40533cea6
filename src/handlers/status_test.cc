#include "handlers/status.h"

#include <gtest/gtest.h>

#include "handlers/handler_test.h"

namespace wasm_server {
namespace {

using Status = HandlerTest;

TEST_F(Status, LivesAlwaysAndIsReadyWhenItTakesTraffic) {
  EXPECT_EQ(call("GET", "/healthz").body, R"({"status":"ok"})");
  EXPECT_EQ(call("GET", "/readyz").status, 200U);
  readiness_.set(false);
  EXPECT_EQ(call("GET", "/healthz").status, 200U);
  const TestReply reply = call("GET", "/readyz");
  EXPECT_EQ(reply.status, 503U);
  EXPECT_EQ(code_of(reply), "overloaded");
  EXPECT_NE(reply.header("retry-after"), "");
}

}  // namespace
}  // namespace wasm_server

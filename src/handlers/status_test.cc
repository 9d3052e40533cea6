#include "handlers/status.h"

#include <gtest/gtest.h>

#include "handlers/handler_test.h"
#include "handlers/route_table.h"
#include "testing/failing_store.h"

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

TEST_F(Status, IsNotReadyWhenTheStoreFailed) {
  FailingStore store{*test_store_};
  const ModuleRepository repository{store};
  Modules modules{Modules::Parts{repository, channel_, engine_, compiler_, code_checker_, helpers_,
                                 blobs_, limits_, clock_, memory_}};
  const HandlerDeps deps{modules,    tokens_,  secrets_, backup_service_,      authenticator_,
                         metrics_,   helpers_, answers_, executions_,          limits_,
                         readiness_, origins_, rates_,   open_without_tokens_, access_log_};
  Router router(route_table());
  register_status_handlers(router, deps);
  Request request;
  const auto status = [&](std::string_view path) {
    const Answer answer = (*router.match(Method::kGet, path).handler)(request);
    return std::get<Reply>(answer).status;
  };
  EXPECT_EQ(status("/readyz"), 200U);
  store.faults.failed = true;
  EXPECT_EQ(status("/readyz"), 503U);
  EXPECT_EQ(status("/healthz"), 200U);
}

}  // namespace
}  // namespace wasm_server

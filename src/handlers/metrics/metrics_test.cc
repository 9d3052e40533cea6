#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "handlers/handler_test.h"

namespace wasm_server {
namespace {

using testing::HasSubstr;
using testing::Not;

using Metrics = HandlerTest;

TEST_F(Metrics, CountsRequestsByRouteAndStatus) {
  for (int i = 0; i < 3; ++i) call("GET", "/healthz");
  call("GET", "/wasm/nobody");
  call("GET", "/nowhere");
  call("BREW", "/wasm");
  const TestReply reply = call("GET", "/metrics");
  EXPECT_EQ(reply.status, 200U);
  EXPECT_EQ(reply.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  const auto requests = [](const char* route, const char* code, int count) {
    return std::string("wasm_server_http_requests_total{route=\"") + route + "\",code=\"" + code +
           "\"} " + std::to_string(count) + "\n";
  };
  EXPECT_THAT(reply.body, HasSubstr(requests("get_healthz", "200", 3)));
  EXPECT_THAT(reply.body, HasSubstr(requests("get_wasm", "404", 1)));
  EXPECT_THAT(reply.body, HasSubstr(requests("none", "404", 1)));
  EXPECT_THAT(reply.body, HasSubstr(requests("none", "405", 1)));
  EXPECT_THAT(
      reply.body,
      HasSubstr("wasm_server_http_request_duration_seconds_count{route=\"get_healthz\"} 3\n"));
}

TEST_F(Metrics, CountsExecutionsByModuleAndEnd) {
  add("good", "(module (func (export \"f\")))");
  add("bad", "(module (func (export \"f\") unreachable))");
  for (int i = 0; i < 5; ++i) call("POST", "/wasm/good");
  call("POST", "/wasm/bad");
  const std::string page = call("GET", "/metrics").body;
  EXPECT_THAT(page,
              HasSubstr("wasm_server_executions_total{module=\"good\",outcome=\"returned\"} 5\n"));
  EXPECT_THAT(page,
              HasSubstr("wasm_server_executions_total{module=\"bad\",outcome=\"trapped\"} 1\n"));
  EXPECT_THAT(page, HasSubstr("wasm_server_execution_run_seconds_count 6\n"));
  EXPECT_THAT(page, Not(HasSubstr("module=\"(others)\",outcome")));
}

TEST_F(Metrics, HasWhatEveryProcessHas) {
  const std::string page = call("GET", "/metrics").body;
  for (const char* name : {"process_cpu_seconds_total", "process_resident_memory_bytes",
                           "process_open_fds", "process_start_time_seconds"})
    EXPECT_THAT(page, HasSubstr(std::string("\n") + name + " "));
}

}  // namespace
}  // namespace wasm_server

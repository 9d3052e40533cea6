#pragma once

// For the tests of HTTP handlers: a real server and worker, whose guests are scripts.

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "handlers/http/handle_http.h"
#include "http/server.h"
#include "services/execution_log.h"
#include "testing/eventually.h"
#include "testing/http_guest.h"
#include "testing/test_client.h"
#include "worker/worker_test.h"

namespace wasm_server {

class HttpHandlerTest : public WorkerTest {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;

 protected:
  static constexpr Route kRoutes[] = {
      {.name = "root",
       .method = Method::kAny,
       .pattern = "/http/{id}",
       .body = BodyHandling::kStreamed},
      {.name = "path",
       .method = Method::kAny,
       .pattern = "/http/{id}/*",
       .body = BodyHandling::kStreamed},
  };

  explicit HttpHandlerTest(HttpLimits limits = {})
      : server_({EventLoop{&worker_.context(), &router_}}, limits) {
    const auto handle = [this](Request& request) { return handle_request(request); };
    router_.bind("root", handle);
    router_.bind("path", handle);
    router_.check_complete();
    EXPECT_TRUE(server_.bind("127.0.0.1:0"));
    server_.start();
    client_.emplace(server_.address());
  }

  ~HttpHandlerTest() override {
    server_.stop_accepting();
    client_.reset();
    server_.drain(std::chrono::seconds{1});
    worker_.stop();
  }

  // What handles /http/ID. Before it is called.
  void guest(const std::string& id, testing_http::Script script,
             std::chrono::milliseconds timeout = std::chrono::seconds{20}) {
    guests_.insert_or_assign(id, Guest{std::move(script), timeout});
  }

  TestReply call(const std::string& method, const std::string& target, std::string_view body = {},
                 const Headers& headers = {}) {
    auto reply = client_->request(method, target, body, headers);
    EXPECT_TRUE(reply.has_value()) << method << " " << target << ": no answer";
    return reply.value_or(TestReply{});
  }

  // The same for a guest that goes on (AwaitGo) only when its answer has begun to arrive.
  std::optional<TestReply> call_in_two(TestClient& client, const std::string& request,
                                       bool to_head = false) {
    trace_->go = false;
    client.send(request);
    EXPECT_TRUE(eventually([&] { return client.has_input(); }));
    trace_->go = true;
    return client.receive(to_head);
  }
  TestReply get_in_two(const std::string& target) {
    auto reply = call_in_two(*client_, "GET " + target + " HTTP/1.1\r\nHost: t\r\n\r\n");
    EXPECT_TRUE(reply.has_value()) << target << ": no answer";
    return reply.value_or(TestReply{});
  }

  static bool has_code(const TestReply& reply, std::string_view code) {
    return reply.body.find("\"code\":\"" + std::string(code) + "\"") != reply.body.npos;
  }

  // How its guests ended, oldest first.
  std::vector<std::string> ends(const std::string& id) {
    std::vector<std::string> found;
    for (const auto& entry : log_.read(id, std::nullopt, 100)) found.push_back(entry.ended);
    return found;
  }
  bool eventually_ends_as(const std::string& id, const std::string& end) {
    return eventually([&] { return ends(id) == std::vector<std::string>{end}; });
  }

  const std::shared_ptr<testing_http::Trace> trace_ = std::make_shared<testing_http::Trace>();

 private:
  struct Guest {
    testing_http::Script script;
    std::chrono::milliseconds timeout;
  };

  Answer handle_request(Request& request) {
    const Guest& made = guests_.at(std::string(request.id));
    HandlerGuest guest;
    guest.revision = 1;
    guest.make = [&](HttpExchange& exchange) {
      return ExecutionSpec{.module_id = "m",
                           .concurrency = {},
                           .runnable = std::make_unique<testing_http::HttpGuest>(
                               made.script, trace_, exchange, made.timeout)};
    };
    return handle_http(worker_, recorder_, request, std::move(guest));
  }

 protected:
  std::map<std::string, Guest> guests_;
  ExecutionLog log_{{}, 1};
  ExecutionCells cells_;
  ExecutionRecorder recorder_{cells_, log_.writer(0), nullptr};
  Router router_{kRoutes};
  Server server_;
  std::optional<TestClient> client_;
};

}  // namespace wasm_server

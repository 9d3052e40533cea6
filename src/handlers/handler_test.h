#pragma once

// For the tests of handlers: everything behind them is real (database, engine, channel, runner,
// HTTP server).

#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "compile/artefacts.h"
#include "handlers/deps.h"
#include "handlers/metrics/metrics.h"
#include "handlers/routes.h"
#include "http/server.h"
#include "runner/runner.h"
#include "runner/store_job_log.h"
#include "services/after_commit.h"
#include "testing/engine_fixture.h"
#include "testing/manual_clock.h"
#include "testing/temporary_directory.h"
#include "testing/test_client.h"
#include "testing/test_store.h"

namespace wasm_server {

class HandlerTest : public testing::Test {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;

 protected:
  HandlerTest() {
    worker_.start();
    runner_.on_commit(
        AfterCommit{store_, compiler_, module_cache_, sweeper_, authenticator_, executions_});
    authenticator_.changed();
    runner_.start();
    EXPECT_TRUE(server_.bind("127.0.0.1:0"));
    origins_.listen_on("127.0.0.1:0", server_.address());
    server_.start();
    client_.emplace(server_.address());
    readiness_.set(true);
  }

  ~HandlerTest() override {
    server_.stop_accepting();
    client_.reset();
    server_.drain(std::chrono::seconds{1});
    channel_.close();
    runner_.stop();
    worker_.stop();
    helpers_.stop();
  }

  TestReply call(const std::string& method, const std::string& target, std::string_view body = {},
                 const Headers& headers = {}) {
    auto reply = client_->request(method, target, body, headers);
    EXPECT_TRUE(reply.has_value()) << method << " " << target << ": no answer";
    return reply.value_or(TestReply{});
  }

  // A module of the code of `wat`.
  TestReply add(std::string_view id, std::string_view wat, const std::string& more_query = {}) {
    return call("POST", "/wasm?id=" + std::string(id) + more_query, wat,
                {{"Content-Type", "text/wat"}});
  }

  // The `state` in a resource changes when its code has been compiled, and with it the answer's
  // length: for tests that compare two answers.
  void wait_until_compiled(std::string_view wat) const {
    const Digest digest = sha256(testing_engine::wasm_of(wat));
    while (compiler_.status(digest).state == CompileState::kCompiling) std::this_thread::yield();
  }

  static boost::json::value json(const TestReply& reply) { return boost::json::parse(reply.body); }
  static std::string code_of(const TestReply& reply) {
    return std::string(json(reply).at("code").as_string());
  }

  TemporaryDirectory directory_;
  TestStore test_store_;
  const ModuleRepository& store_ = test_store_.modules();
  Engine& engine_ = testing_engine::engine();
  LimitsConfig limits_;
  Readiness readiness_;
  std::unique_ptr<Artefacts> artefacts_ =
      Artefacts::open((directory_.path() / "artefacts").string(), engine_, "secret").value();
  Compiler compiler_{engine_, *artefacts_, CompilerSettings{.queue = 16, .start_ahead = false}};
  ModuleCache module_cache_{
      store_, compiler_, {.bytes = 64U << 20, .mapped = 1'000, .files = 1'000}};
  ArtefactSweeper sweeper_{store_, *artefacts_};
  ManualClock clock_{std::chrono::sys_days{std::chrono::year{2026} / 11 / 23}};
  TokenRepository token_repository_{*test_store_};
  Authenticator authenticator_{token_repository_, clock_};
  JobChannel channel_{JobChannel::Capacity{}};
  StoreJobLog log_{*test_store_};
  Runner runner_{*test_store_, log_, channel_.rx()};
  CodeInspector inspector_{InspectorSettings{}};
  CodeChecker code_checker_{inspector_, {}};
  HelperPool helpers_{1, 4};
  BlobCache blobs_{store_, {}};
  MemoryBudget memory_{1U << 30};
  AnswerMemory answers_{memory_};
  Modules modules_{Modules::Parts{store_, channel_, engine_, compiler_, code_checker_, helpers_,
                                  blobs_, limits_, clock_, memory_}};
  Tokens tokens_{token_repository_, channel_, clock_};
  GuestSecretRepository secret_repository_{*test_store_};
  GuestSecrets secrets_{secret_repository_, channel_, clock_, directory_.path() / "secret.key",
                        true};
  ExecutionLog executions_{{}, 1};
  Backups backup_service_{*test_store_, helpers_, clock_, {}};
  OriginRules origins_{OriginSettings{}};
  bool open_without_tokens_ = true;
  Rates rates_{{0, 0}, {0, 0}};
  std::atomic<bool> access_log_{false};
  ServerMetrics metrics_{metric_routes()};
  HandlerDeps deps_{modules_,   tokens_,  secrets_, backup_service_,      authenticator_,
                    metrics_,   helpers_, answers_, executions_,          limits_,
                    readiness_, origins_, rates_,   open_without_tokens_, access_log_};
  Admission admission_{16, 16};
  SliceWatch watch_{engine_};
  BackgroundPool background_{1, engine_, watch_};
  Worker worker_{0, background_, admission_, watch_};
  Router router_ =
      make_router(deps_, module_cache_, worker_, metrics_.add_worker(), executions_.writer(0));
  Server server_{{EventLoop{&worker_.context(), &router_}}, HttpLimits{}};
  std::optional<TestClient> client_;
};

}  // namespace wasm_server

#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "auth/authenticator.h"
#include "base/clock.h"
#include "base/memory_budget.h"
#include "base/result.h"
#include "compile/artefact_sweeper.h"
#include "compile/artefacts.h"
#include "compile/code_inspector.h"
#include "compile/compiler.h"
#include "config.h"
#include "engine/engine.h"
#include "handlers/deps.h"
#include "handlers/modules/answer_memory.h"
#include "handlers/readiness.h"
#include "http/origin_rules.h"
#include "http/router.h"
#include "http/server.h"
#include "jobs/channel.h"
#include "jobs/job_log.h"
#include "runner/runner.h"
#include "services/backups.h"
#include "services/blob_cache.h"
#include "services/code_checker.h"
#include "services/execution_log.h"
#include "services/execution_log_file.h"
#include "services/guest_secrets.h"
#include "services/helper_pool.h"
#include "services/module_cache.h"
#include "services/modules.h"
#include "services/preloader.h"
#include "store/guest_secret_repository.h"
#include "store/kv.h"
#include "store/module_repository.h"
#include "trace_export.h"
#include "worker/admission.h"
#include "worker/background_pool.h"
#include "worker/slice_watch.h"
#include "worker/worker.h"

namespace wasm_server {

// In the data directory: whoever may use it is the operator, and needs no token.
inline constexpr const char* kOperatorSocket = "operator.sock";

// The whole server: owns every part, builds them in the order of the data path and ends them in
// reverse. Owned by the main thread.
class App {
 public:
  explicit App(ServeConfig config);
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  // Takes traffic when it returns; the operator's alone where it is to listen on "". An error's
  // message is one line for the person who started the server.
  Result<void> start();

  std::string address() const { return server_->address(); }  // "HOST:PORT", after start()
  // "http://HOST:PORT", or https, after start().
  std::string url() const {
    return (config_.tls.is_on() ? "https://" : "http://") + server_->address();
  }

  // Takes what can change while it serves from settings that were read again, and logs what changed
  // but waits for the next start.
  void take_settings(const ServeConfig& config);

  // Reads the files of TLS again, if they have changed or `asked`. What is wrong with them is
  // logged, and the former ones stay in use.
  void refresh_tls(bool asked);

  // Forgets backups that nobody goes on with; to be called now and then.
  void drop_old_backups() { backups_->drop_old(); }

  // Whether the store failed, so that only a start can tell what is on disk.
  bool lost_store() const { return store_->failed(); }

  // What guests, bodies and answers take together; safe from any thread.
  const MemoryBudget& memory() const { return memory_; }

  // After start(), once. What runs ends within the grace time; every write that was taken is
  // committed.
  void stop();

 private:
  // A worker with the routes that its sessions are served by.
  struct ServingWorker {
    ServingWorker(unsigned index, BackgroundPool& pool, Admission& admission, SliceWatch& watch)
        : worker(index, pool, admission, watch) {}

    Worker worker;
    Router router;
  };

  // Else it is there for one of the operator's commands.
  bool serves_others() const { return !config_.listen.empty(); }
  Result<void> load_tls();
  Result<void> open_store();
  void make_execution_log();
  Result<void> make_engine();
  void make_write_path();
  void make_workers();
  void add_measures();
  Result<void> make_server();
  Result<void> check_exposure();
  void start_threads();

  MemoryBudget memory_;
  const ServeConfig config_;
  const SystemClock clock_;
  bool open_without_tokens_ = false;
  std::vector<Setting> settings_;  // in force
  std::atomic<bool> access_log_;
  Rates rates_{{config_.address_rate, config_.address_rate},
               {config_.token_rate, config_.token_rate}};
  Readiness readiness_;
  OriginRules origins_;

  std::shared_ptr<TlsContext> tls_;  // null: none

  // In the order of their making: each may use those above it.
  std::unique_ptr<Store> store_;
  std::unique_ptr<ModuleRepository> repository_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Artefacts> artefacts_;
  std::unique_ptr<ArtefactSweeper> sweeper_;
  std::unique_ptr<Compiler> compiler_;
  std::unique_ptr<ModuleCache> module_cache_;
  std::unique_ptr<Preloader> preloader_;
  std::unique_ptr<TokenRepository> token_repository_;
  std::unique_ptr<GuestSecretRepository> secret_repository_;
  std::unique_ptr<Authenticator> authenticator_;
  std::unique_ptr<ExecutionLog> executions_;
  std::unique_ptr<ExecutionLogFile> execution_file_;
  std::jthread loading_log_;
  std::unique_ptr<JobChannel> channel_;
  std::unique_ptr<JobLog> job_log_;
  std::unique_ptr<Runner> runner_;
  std::unique_ptr<CodeInspector> inspector_;
  std::unique_ptr<CodeChecker> code_checker_;
  std::unique_ptr<HelperPool> checkers_;  // of code, which may take seconds
  std::unique_ptr<HelperPool> helpers_;   // for what takes milliseconds
  std::unique_ptr<BlobCache> blobs_;
  std::unique_ptr<Modules> modules_;
  std::unique_ptr<Tokens> tokens_;
  std::unique_ptr<GuestSecrets> secrets_;
  std::unique_ptr<Backups> backups_;
  std::unique_ptr<AnswerMemory> answers_;
  std::unique_ptr<ServerMetrics> metrics_;
  std::unique_ptr<TraceExport> traces_;  // null: none
  std::optional<HandlerDeps> deps_;
  std::unique_ptr<Admission> admission_;
  std::unique_ptr<SliceWatch> watch_;
  std::unique_ptr<BackgroundPool> background_;
  std::vector<std::unique_ptr<ServingWorker>> workers_;
  std::unique_ptr<Server> server_;
};

}  // namespace wasm_server

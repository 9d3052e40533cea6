#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config.h"
#include "engine/artefact_sweeper.h"
#include "engine/artefacts.h"
#include "engine/compiler.h"
#include "engine/engine.h"
#include "engine/module_cache.h"
#include "engine/preloader.h"
#include "handlers/answer_memory.h"
#include "handlers/blob_cache.h"
#include "handlers/code_checker.h"
#include "handlers/deps.h"
#include "handlers/helper_pool.h"
#include "handlers/readiness.h"
#include "http/router.h"
#include "http/server.h"
#include "jobs/channel.h"
#include "runner/runner.h"
#include "store/store.h"
#include "worker/admission.h"
#include "worker/background_pool.h"
#include "worker/slice_watch.h"
#include "worker/worker.h"

namespace wasm_server {

// The whole server: owns every part, builds them in the order of the data path and ends them in
// reverse. Owned by the main thread.
class App {
 public:
  explicit App(ServeConfig config) : config_(std::move(config)) {}
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  // Takes traffic when it returns. An error's message is one line for the person who started the
  // server.
  Result<void> start();

  // "HOST:PORT", after start().
  std::string address() const { return server_->address(); }

  // Whether the store failed, so that only a start can tell what is on disk.
  bool lost_store() const { return store_->failed(); }

  // After start(), once. What runs ends within the grace time; every write that was taken is
  // committed. False when a compilation still runs, which cannot be interrupted: destroying the app
  // would wait for it.
  bool stop();

 private:
  // A worker with the routes that its sessions are served by.
  struct ServingWorker {
    ServingWorker(unsigned index, BackgroundPool& pool, Admission& admission, SliceWatch& watch)
        : worker(index, pool, admission, watch) {}

    Worker worker;
    Router router;
  };

  Result<void> open_store();
  Result<void> make_engine();
  void make_write_path();
  void make_workers();
  Result<void> make_server();
  void start_threads();

  const ServeConfig config_;
  Readiness readiness_;

  // In the order of their making: each may use those above it.
  std::unique_ptr<Store> store_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Artefacts> artefacts_;
  std::unique_ptr<ArtefactSweeper> sweeper_;
  std::unique_ptr<Compiler> compiler_;
  std::unique_ptr<ModuleCache> modules_;
  std::unique_ptr<Preloader> preloader_;
  std::unique_ptr<JobChannel> channel_;
  std::unique_ptr<Runner> runner_;
  std::unique_ptr<CodeChecker> code_checker_;
  std::unique_ptr<HelperPool> helpers_;
  std::unique_ptr<BlobCache> blobs_;
  std::unique_ptr<AnswerMemory> answers_;
  std::optional<HandlerDeps> deps_;
  std::unique_ptr<Admission> admission_;
  SliceWatch watch_;
  std::unique_ptr<BackgroundPool> background_;
  std::vector<std::unique_ptr<ServingWorker>> workers_;
  std::unique_ptr<Server> server_;
};

}  // namespace wasm_server

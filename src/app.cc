#include "app.h"

#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>
#include <thread>
#include <utility>

#include "base/log.h"
#include "engine/artefact_seal.h"
#include "handlers/routes.h"
#include "store/lmdb_store.h"

namespace wasm_server {
namespace {

// Compiled modules that are loaded ahead after a start: a small one takes about 20 KB.
constexpr std::size_t kMostPreloaded = 256;

// Of large answers about modules, while clients read them.
constexpr std::uint64_t kAnswerBytes = 256U << 20;

unsigned or_cores(unsigned count) {
  return count != 0 ? count : std::max(1U, std::thread::hardware_concurrency());
}

// How many files the process may have open; connections need them too, and compiled modules.
std::size_t open_files() {
  rlimit limit{};
  constexpr std::size_t kUsual = 1024;
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : kUsual;
}

}  // namespace

Result<void> App::start() {
  Result<void> done = open_store();
  if (done) done = make_engine();
  if (!done) return done;
  make_write_path();
  make_workers();
  done = make_server();
  if (done) start_threads();
  return done;
}

// The database: what was committed before the process ended, however it ended.
Result<void> App::open_store() {
  auto store = LmdbStore::open(config_.data, config_.store);
  if (!store) return std::unexpected{std::move(store).error()};
  store_ = *std::move(store);
  log_info("store opened in " + config_.data.string());
  return {};
}

// Wasmtime, what it has compiled before, the compilers, and the modules that are ready to run.
Result<void> App::make_engine() {
  const std::jthread beside(warm_up_seals);
  auto settings = config_.engine;
  settings.code_arena_bytes = config_.module_cache_bytes;
  auto engine = Engine::make(settings);
  if (!engine) return std::unexpected{std::move(engine).error()};
  engine_ = *std::move(engine);
  const std::string directory = (config_.data / "artefacts").string();
  auto artefacts = Artefacts::open(directory, *engine_, store_->secret());
  if (!artefacts) return std::unexpected{std::move(artefacts).error()};
  artefacts_ = *std::move(artefacts);
  sweeper_ = std::make_unique<ArtefactSweeper>(*store_, *artefacts_);
  compiler_ = std::make_unique<Compiler>(
      *engine_, *artefacts_, or_cores(config_.engine.compile_threads), config_.compile_queue);
  compiler_->on_saved([this](const Digest& digest) { sweeper_->look_at({&digest, 1}); });
  const CodeCost most{.bytes = config_.module_cache_bytes,
                      .mapped = engine_->most_mapped(),
                      .files = open_files() / 3};
  modules_ = std::make_unique<ModuleCache>(*store_, *compiler_, most);
  preloader_ = std::make_unique<Preloader>(
      *store_, *artefacts_, *compiler_, *modules_,
      Preloader::Bounds{.codes = std::min({kMostPreloaded, most.mapped / 4, most.files / 4}),
                        .bytes = most.bytes / 4});
  preloader_->start();  // now: the rest of the start takes its time too
  return {};
}

// The channel and the runner behind it; what the handlers need to make jobs for it.
void App::make_write_path() {
  channel_ = std::make_unique<JobChannel>(config_.channel);
  runner_ = std::make_unique<Runner>(*store_, channel_->rx());
  runner_->on_commit([this](const JobResult& result, JobType type) {
    if (type != JobType::SAVE) modules_->forget(result.meta_data.id);
    for (const auto& digest : result.freed) modules_->drop_spare(digest);
    sweeper_->look_at(result.freed);
  });
  code_checker_ = std::make_unique<CodeChecker>(
      *engine_, CodeChecker::Bounds{.cache_bytes = config_.check_cache_bytes});
  helpers_ = std::make_unique<HelperPool>(or_cores(config_.check_threads), config_.check_queue);
  blobs_ = std::make_unique<BlobCache>(*store_, BlobCache::Bounds{});
  answers_ = std::make_unique<AnswerMemory>(kAnswerBytes);
  deps_.emplace(HandlerDeps{*store_, *channel_, *engine_, *compiler_, *code_checker_, *helpers_,
                            *blobs_, *answers_, config_.limits, readiness_});
}

// One event loop per core, with its own router; the pool for the calls that take longer.
void App::make_workers() {
  // Each worker may be about to give one instance back while it lets the next call in.
  const std::uint64_t pool = engine_->pool_slots();
  const std::uint64_t slots = pool - std::min<std::uint64_t>(pool / 2, or_cores(config_.workers));
  const std::uint64_t running = config_.running_calls == 0 ? slots : config_.running_calls;
  admission_ = std::make_unique<Admission>(std::min(running, slots), config_.waiting_calls);
  background_ =
      std::make_unique<BackgroundPool>(or_cores(config_.background_threads), *engine_, watch_);
  for (unsigned i = 0; i < or_cores(config_.workers); ++i) {
    auto serving = std::make_unique<ServingWorker>(i, *background_, *admission_, watch_);
    serving->router = make_router(*deps_, *modules_, serving->worker);
    workers_.push_back(std::move(serving));
  }
}

// Bound before anything runs, so that a port in use is known at once.
Result<void> App::make_server() {
  std::vector<Lane> lanes;
  for (const auto& serving : workers_) {
    lanes.push_back({&serving->worker.context(), &serving->router});
  }
  server_ = std::make_unique<Server>(std::move(lanes), config_.http);
  return server_->bind(config_.listen);
}

void App::start_threads() {
  runner_->start();
  log_info("runner started");
  for (const auto& serving : workers_) serving->worker.start();
  log_info(std::to_string(workers_.size()) + " workers started");
  server_->start();
  readiness_.set(true);
  log_info("listening on " + server_->address());
  sweeper_->start();
}

bool App::stop() {
  log_info("stopping");
  readiness_.set(false);          // load balancers look elsewhere
  preloader_->stop();             // nobody will call
  server_->stop_accepting();      // no new connections
  server_->drain(config_.grace);  // what runs ends, or is cut
  channel_->close();              // no more writes
  runner_->stop();                // commits and answers what it holds
  background_->cancel_all();      // guests that still run
  for (const auto& serving : workers_) serving->worker.stop();

  // These may still hand results to the workers' loops, so they end while the loops are there,
  // though nobody runs them.
  helpers_->stop();
  background_.reset();
  preloader_->remember();
  if (compiler_->busy()) {
    // Artefacts are only a cache: all that matters is on disk.
    log_info("stopped, leaving a compilation behind");
    return false;
  }
  compiler_.reset();
  sweeper_->stop();
  log_info("stopped");
  return true;
}

}  // namespace wasm_server

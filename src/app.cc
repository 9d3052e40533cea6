#include "app.h"

#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <thread>
#include <utility>

#include "base/log.h"
#include "base/memory_limit.h"
#include "cli/version.h"
#include "compile/artefact_seal.h"
#include "handlers/metrics/metrics.h"
#include "handlers/routes.h"
#include "http/authority.h"
#include "runner/store_job_log.h"
#include "services/after_commit.h"
#include "store/open_store.h"
#include "store/secret.h"

namespace wasm_server {
namespace {

// Compiled modules that are loaded ahead after a start: a small one takes about 20 KB.
constexpr std::size_t kMaxPreloaded = 256;

// Requests and answers that are read or written beside the event loops. Memory is bounded for each.
constexpr std::size_t kHelperQueue = 16'384;

std::uint64_t budget_of(const ServeConfig& config) {
  if (config.memory_budget_bytes != 0) return config.memory_budget_bytes;
  const std::uint64_t limit = memory_limit();
  return limit == 0 ? MemoryBudget::kUnlimited : limit / 4 * 3;
}

// Where there is little memory, what is kept for its own sake has less of it.
ServeConfig fit_to(ServeConfig config, std::uint64_t budget) {
  config.module_cache_bytes = std::min(config.module_cache_bytes, budget / 8);
  config.http.body_memory_bytes = std::min(config.http.body_memory_bytes, budget / 2);
  config.compiler.memory_bytes = std::min(config.compiler.memory_bytes, budget / 2);
  return config;
}

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

App::App(ServeConfig config)
    : memory_(budget_of(config)),
      config_(fit_to(std::move(config), memory_.limit())),
      settings_(config_.settings),
      access_log_(config_.access_log),
      origins_(config_.origins) {}

Result<void> App::start() {
  Result<void> done = load_tls();
  if (done) done = open_store();
  if (done) make_execution_log();
  if (done) done = make_engine();
  if (!done) return done;
  make_write_path();
  TRY(secrets_->open());
  make_workers();
  done = make_server();
  if (done) start_threads();
  return done;
}

Result<void> App::load_tls() {
  if (!config_.tls.is_on()) return {};
  TRY_ASSIGN(tls_, TlsContext::load(config_.tls));
  return {};
}

void App::refresh_tls(bool asked) {
  if (!tls_) return;
  const auto loaded = tls_->reload(/*only_if_changed=*/!asked);
  if (!loaded) {
    log_error("the former TLS files stay in use: " + loaded.error().message);
  } else if (*loaded) {
    log_info("the TLS files were read again");
  }
}

// The database: what was committed before the process ended, however it ended.
Result<void> App::open_store() {
  TRY_ASSIGN(store_, wasm_server::open_store(config_.data, config_.store));
  repository_ = std::make_unique<ModuleRepository>(*store_);
  token_repository_ = std::make_unique<TokenRepository>(*store_);
  secret_repository_ = std::make_unique<GuestSecretRepository>(*store_);
  authenticator_ = std::make_unique<Authenticator>(*token_repository_, clock_);
  authenticator_->changed();
  log_info("store opened in " + config_.data.string());
  return {};
}

// Read beside the rest of the start, which waits for it before anything is recorded.
void App::make_execution_log() {
  executions_ = std::make_unique<ExecutionLog>(
      ExecutionLog::Bounds{.bytes = config_.execution_log_bytes}, or_cores(config_.workers));
  execution_file_ =
      std::make_unique<ExecutionLogFile>(*executions_, config_.data, config_.execution_log_bytes);
  if (serves_others()) loading_log_ = std::jthread([this] { execution_file_->load(); });
}

// Wasmtime, what it has compiled before, the compilers, and the modules that are ready to run.
Result<void> App::make_engine() {
  log_info("memory for guests, bodies and answers: " + std::to_string(memory_.limit()) + " bytes");
  const std::jthread beside(warm_up_seals);
  auto settings = config_.engine;
  settings.code_arena_bytes = config_.module_cache_bytes;
  settings.memory = &memory_;
  settings.egress.modules = config_.egress == "modules";
  auto engine = Engine::make(settings);
  if (!engine) return std::unexpected{std::move(engine).error()};
  engine_ = *std::move(engine);
  const std::string directory = (config_.data / "artefacts").string();
  TRY_ASSIGN(const std::string secret, load_secret(*store_));
  auto artefacts = Artefacts::open(directory, *engine_, secret);
  if (!artefacts) return std::unexpected{std::move(artefacts).error()};
  artefacts_ = *std::move(artefacts);
  sweeper_ = std::make_unique<ArtefactSweeper>(*repository_, *artefacts_);
  auto compiling = config_.compiler;
  compiling.threads = or_cores(compiling.threads);
  compiling.max_wasm_stack_bytes = settings.max_wasm_stack_bytes;
  compiler_ = std::make_unique<Compiler>(*engine_, *artefacts_, compiling);
  compiler_->on_saved([this](const Digest& digest) { sweeper_->look_at({&digest, 1}); });
  const CodeCost capacity{.bytes = config_.module_cache_bytes,
                          .mapped = engine_->max_mapped(),
                          .files = open_files() / 3};
  module_cache_ = std::make_unique<ModuleCache>(*repository_, *compiler_, capacity);
  preloader_ = std::make_unique<Preloader>(
      *repository_, *artefacts_, *compiler_, *module_cache_,
      Preloader::Bounds{.codes = std::min({kMaxPreloaded, capacity.mapped / 4, capacity.files / 4}),
                        .bytes = capacity.bytes / 4});
  if (serves_others()) preloader_->start();  // now: the rest of the start takes its time too
  return {};
}

// The channel and the runner behind it; what makes jobs for it, and what the handlers need.
void App::make_write_path() {
  channel_ = std::make_unique<JobChannel>(config_.channel);
  job_log_ = std::make_unique<StoreJobLog>(*store_);
  runner_ = std::make_unique<Runner>(*store_, *job_log_, channel_->rx());
  runner_->on_commit(AfterCommit{*repository_, *compiler_, *module_cache_, *sweeper_,
                                 *authenticator_, *executions_});
  inspector_ = std::make_unique<CodeInspector>(
      InspectorSettings{.workers = std::max(1U, or_cores(config_.check_threads) / 2),
                        .memory_bytes = config_.compiler.memory_bytes,
                        .limits = config_.compiler.limits,
                        .bounds = config_.module});
  code_checker_ = std::make_unique<CodeChecker>(
      *inspector_,
      CodeChecker::Bounds{.cache_bytes = config_.check_cache_bytes, .module = config_.module});
  checkers_ = std::make_unique<HelperPool>(or_cores(config_.check_threads), config_.check_queue);
  helpers_ = std::make_unique<HelperPool>(or_cores(config_.workers), kHelperQueue);
  blobs_ = std::make_unique<BlobCache>(*repository_, BlobCache::Bounds{}, &memory_);
  modules_ = std::make_unique<Modules>(Modules::Parts{*repository_, *channel_, *engine_, *compiler_,
                                                      *code_checker_, *checkers_, *blobs_,
                                                      config_.limits, clock_, memory_});
  tokens_ = std::make_unique<Tokens>(*token_repository_, *channel_, clock_);
  const bool has_own_key = config_.secret_key_file.empty();
  secrets_ = std::make_unique<GuestSecrets>(
      *secret_repository_, *channel_, clock_,
      has_own_key ? config_.data / "secret.key" : config_.secret_key_file, has_own_key);
  backups_ =
      std::make_unique<Backups>(*store_, *helpers_, clock_,
                                Backups::Settings{.bytes_per_second = config_.backup_rate_bytes,
                                                  .program = std::string{kProgramVersion}});
  answers_ = std::make_unique<AnswerMemory>(memory_);
  metrics_ = std::make_unique<ServerMetrics>(metric_routes());
  if (!config_.otlp_endpoint.empty())
    traces_ = std::make_unique<TraceExport>(config_.otlp_endpoint, config_.trace_percent);
  deps_.emplace(HandlerDeps{
      *modules_, *tokens_, *secrets_, *backups_, *authenticator_, *metrics_, *helpers_, *answers_,
      *executions_, config_.limits, readiness_, origins_, rates_, open_without_tokens_, access_log_,
      traces_ ? &traces_->queue() : nullptr, traces_ ? &traces_->requests() : nullptr});
}

// One event loop per core, with its own router; the pool for the calls that take longer.
void App::make_workers() {
  // Each worker may be about to give one instance back while it lets the next call in.
  const std::uint64_t pool = engine_->pool_slots();
  const std::uint64_t slots = pool - std::min<std::uint64_t>(pool / 2, or_cores(config_.workers));
  const std::uint64_t running = config_.running_calls == 0 ? slots : config_.running_calls;
  admission_ = std::make_unique<Admission>(std::min(running, slots), config_.waiting_calls);
  watch_ = std::make_unique<SliceWatch>(*engine_);
  background_ =
      std::make_unique<BackgroundPool>(or_cores(config_.background_threads), *engine_, *watch_);
  for (unsigned i = 0; i < or_cores(config_.workers); ++i) {
    auto serving = std::make_unique<ServingWorker>(i, *background_, *admission_, *watch_);
    serving->router = make_router(*deps_, *module_cache_, serving->worker, metrics_->add_worker(),
                                  executions_->writer(i));
    workers_.push_back(std::move(serving));
  }
}

// Bound before anything runs, so that a port in use is known at once.
Result<void> App::make_server() {
  std::vector<EventLoop> loops;
  for (const auto& serving : workers_) {
    loops.push_back({&serving->worker.context(), &serving->router});
  }
  server_ = std::make_unique<Server>(std::move(loops), config_.http, tls_, &memory_);
  add_measures();
  const auto socket = config_.data / kOperatorSocket;
  if (!serves_others()) return server_->bind_operator_socket(socket);
  TRY(server_->bind(config_.listen));
  TRY(check_exposure());
  // A full disk has no room for it, and is no reason to serve nobody.
  const auto local = server_->bind_operator_socket(socket);
  if (!local) log_warning(local.error().message);
  origins_.listen_on(config_.listen, server_->address());
  return {};
}

// On an address that others reach nobody finds everything open by an oversight.
Result<void> App::check_exposure() {
  const std::string address = server_->address();
  const auto own = parse_authority(address);
  const bool is_exposed = !own || !is_loopback(own->host);
  open_without_tokens_ = !is_exposed || config_.insecure;
  if (open_without_tokens_) return {};
  const std::string needs = "to listen on " + address + ", which others reach, needs ";
  const std::string token = "an access token (`wasm-server token create --data " +
                            config_.data.string() +
                            " --scope admin` makes the first one), or --insecure";
  if (!config_.tls.is_on())
    return fail(ErrorCode::kBadRequest, needs + "TLS (--tls-cert, --tls-key) and " + token);
  if (authenticator_->has_tokens()) return {};
  return fail(ErrorCode::kBadRequest, needs + token);
}

void App::start_threads() {
  if (loading_log_.joinable()) loading_log_.join();
  runner_->start();
  log_info("runner started");
  for (const auto& serving : workers_) serving->worker.start();
  log_info(std::to_string(workers_.size()) + " workers started");
  server_->start();
  readiness_.set(true);
  if (!serves_others()) return;
  log_info("listening on " + url());
  sweeper_->start();
  execution_file_->start();
  if (traces_) traces_->start();
}

void App::stop() {
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
  inspector_->stop();
  checkers_->stop();
  helpers_->stop();
  background_.reset();
  if (serves_others()) preloader_->remember();
  execution_file_->stop();
  if (traces_) traces_->stop();
  compiler_.reset();  // artefacts are only a cache: all that matters is on disk
  sweeper_->stop();
  std::error_code ignored;
  std::filesystem::remove(config_.data / kOperatorSocket, ignored);
  log_info("stopped");
}

}  // namespace wasm_server

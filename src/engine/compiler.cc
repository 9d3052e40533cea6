#include "engine/compiler.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include <spdlog/spdlog.h>

#include "engine/artefacts.h"
#include "engine/compiled_module.h"

namespace wasm_server {

namespace {

constexpr int kCompileNice = 10;
// Failures are remembered for `state`; old ones are forgotten first.
constexpr std::size_t kMostFailures = 10'000;

void lower_priority() {
  setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), kCompileNice);
}

using Code = std::move_only_function<Result<SharedBytes>()>;
using Compiled = Result<std::shared_ptr<const CompiledModule>>;

// One digest that is to be made ready, and all who wait for it.
struct Pending {
  Code code;
  std::vector<Compiler::Done> waiting;
  bool urgent = false;  // an execution waits
};

Error overloaded() { return {ErrorCode::kOverloaded, "too many modules wait to be compiled"}; }

}  // namespace

// Two kinds of threads: one loader of normal priority, which answers executions from artefacts, and
// the compilers, of low priority, for what has none. A digest is in `tasks` from its first request
// until its answer.
struct Compiler::Impl {
  Impl(const Engine& engine_in, Artefacts& artefacts_in, std::size_t max_queue_in)
      : engine(engine_in), artefacts(artefacts_in), max_queue(max_queue_in) {}

  const Engine& engine;
  Artefacts& artefacts;
  const std::size_t max_queue;

  mutable std::mutex mutex;
  std::condition_variable load_ready;
  std::condition_variable compile_ready;
  bool stopping = false;  // this and all below: guarded by mutex
  std::unordered_map<Digest, Pending> tasks;
  std::deque<Digest> to_load;     // asked for by executions
  std::deque<Digest> urgent;      // to compile, for executions
  std::deque<Digest> background;  // to compile, nobody waits
  std::unordered_map<Digest, std::string> failures;
  std::deque<Digest> failure_order;

  std::vector<std::thread> threads;

  void run_loader();
  void run_compiler();
  void make(const Digest& digest);
  void finish(const Digest& digest, const Compiled& compiled);
  void remember_failure(const Digest& digest, const Compiled& compiled);
  Compiled compile_now(const Digest& digest, Code& code);
};

void Compiler::Impl::run_loader() {
  std::unique_lock lock(mutex);
  while (true) {
    load_ready.wait(lock, [this] { return stopping || !to_load.empty(); });
    if (stopping) return;
    const auto digest = to_load.front();
    to_load.pop_front();
    lock.unlock();
    const auto loaded = artefacts.load(digest);
    lock.lock();
    if (loaded) {
      lock.unlock();
      finish(digest, loaded);
      lock.lock();
    } else {
      urgent.push_back(digest);
      compile_ready.notify_one();
    }
  }
}

void Compiler::Impl::run_compiler() {
  lower_priority();
  std::unique_lock lock(mutex);
  while (true) {
    compile_ready.wait(lock, [this] { return stopping || !urgent.empty() || !background.empty(); });
    if (stopping) return;
    auto& queue = urgent.empty() ? background : urgent;
    const auto digest = queue.front();
    queue.pop_front();
    lock.unlock();
    make(digest);
    lock.lock();
  }
}

void Compiler::Impl::make(const Digest& digest) {
  Code code;
  {
    const std::lock_guard lock(mutex);
    const auto task = tasks.find(digest);
    if (task == tasks.end()) return;  // promoted to urgent, and done from that queue
    code = std::exchange(task->second.code, nullptr);
    if (!code) return;  // another thread is at it
  }
  finish(digest, compile_now(digest, code));
}

Compiled Compiler::Impl::compile_now(const Digest& digest, Code& code) {
  const auto bytes = code();
  if (!bytes) return std::unexpected{bytes.error()};
  auto compiled = CompiledModule::compile(engine, **bytes);
  if (!compiled) return compiled;
  const auto saved = artefacts.save(digest, **compiled);
  if (!saved) spdlog::warn("{}: {}", to_hex(digest), saved.error().message);
  return compiled;
}

void Compiler::Impl::finish(const Digest& digest, const Compiled& compiled) {
  std::vector<Compiler::Done> waiting;
  {
    const std::lock_guard lock(mutex);
    const auto task = tasks.find(digest);
    if (task == tasks.end()) return;
    waiting = std::move(task->second.waiting);
    tasks.erase(task);
    remember_failure(digest, compiled);
  }
  for (auto& done : waiting) done(compiled);
}

// Only what the module itself is to blame for; anything else may go well the next time.
void Compiler::Impl::remember_failure(const Digest& digest, const Compiled& compiled) {
  if (compiled) {
    failures.erase(digest);
    return;
  }
  const auto code = compiled.error().code;
  if (code != ErrorCode::kInvalidModule && code != ErrorCode::kMemoryLimit) return;
  if (!failures.emplace(digest, compiled.error().message).second) return;
  failure_order.push_back(digest);
  if (failure_order.size() <= kMostFailures) return;
  failures.erase(failure_order.front());
  failure_order.pop_front();
}

Compiler::Compiler(const Engine& engine, Artefacts& artefacts, unsigned threads,
                   std::size_t max_queue)
    : impl_(std::make_unique<Impl>(engine, artefacts, max_queue)) {
  impl_->threads.emplace_back([this] { impl_->run_loader(); });
  for (unsigned i = 0; i < std::max(1U, threads); ++i) {
    impl_->threads.emplace_back([this] { impl_->run_compiler(); });
  }
}

Compiler::~Compiler() {
  std::unordered_map<Digest, Pending> left;
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
    impl_->load_ready.notify_all();
    impl_->compile_ready.notify_all();
  }
  for (auto& thread : impl_->threads) thread.join();
  left.swap(impl_->tasks);
  for (auto& [digest, task] : left) {
    for (auto& done : task.waiting) done(std::unexpected{overloaded()});
  }
}

void Compiler::prepare(const Digest& digest, SharedBytes code) {
  if (impl_->artefacts.contains(digest)) return;
  const std::lock_guard lock(impl_->mutex);
  if (impl_->stopping || impl_->background.size() >= impl_->max_queue) return;
  if (impl_->failures.contains(digest)) return;
  const auto [task, added] = impl_->tasks.try_emplace(digest);
  if (!added) return;
  task->second.code = [code = std::move(code)]() -> Result<SharedBytes> { return code; };
  impl_->background.push_back(digest);
  impl_->compile_ready.notify_one();
}

void Compiler::compile(const Digest& digest, std::move_only_function<Result<SharedBytes>()> load,
                       Done done) {
  std::unique_lock lock(impl_->mutex);
  const auto task = impl_->tasks.find(digest);
  if (task == impl_->tasks.end()) {
    if (impl_->stopping || impl_->tasks.size() >= impl_->max_queue * 2) {
      lock.unlock();
      done(std::unexpected{overloaded()});
      return;
    }
    auto& made = impl_->tasks[digest];
    made.code = std::move(load);
    made.urgent = true;
    made.waiting.push_back(std::move(done));
    impl_->to_load.push_back(digest);
    impl_->load_ready.notify_one();
    return;
  }
  task->second.waiting.push_back(std::move(done));
  if (!std::exchange(task->second.urgent, true)) {
    impl_->urgent.push_back(digest);
    impl_->compile_ready.notify_one();
  }
}

CompileStatus Compiler::status(const Digest& digest) const {
  const std::lock_guard lock(impl_->mutex);
  if (impl_->tasks.contains(digest)) return {CompileState::kCompiling, {}};
  const auto failure = impl_->failures.find(digest);
  if (failure != impl_->failures.end()) return {CompileState::kFailed, failure->second};
  return {};
}

}  // namespace wasm_server

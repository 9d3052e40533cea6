#include "engine/compiler.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include <spdlog/spdlog.h>

#include "base/free_memory.h"
#include "base/thread_priority.h"
#include "engine/artefacts.h"
#include "engine/compiled_module.h"

namespace wasm_server {

namespace {

// Failures are remembered for `state`; old ones are forgotten first.
constexpr std::size_t kMostFailures = 10'000;

using Clock = std::chrono::steady_clock;
using Compiled = Result<std::shared_ptr<const CompiledModule>>;

// Below this, optimised code is there nearly as soon as baseline code.
constexpr std::size_t kBaselineBytes = 256U << 10;

// Compiling more than this takes so much memory that it is worth the time to give it back.
constexpr std::size_t kLargeBytes = 64U << 10;

// What nobody waits for is compiled at once when nothing was stored for kQuiet; until then it
// rests, after each compilation, kRest times as long as that took.
constexpr std::chrono::milliseconds kQuiet{20};
constexpr int kRest = 19;

// One digest that is to be made ready, and all who wait for it.
struct Pending {
  Compiler::Load load;
  std::vector<Compiler::Done> waiting;
  bool asked = false;      // by an execution: its artefact was looked for
  bool compiling = false;  // by one of the compilers
};

Error overloaded() { return {ErrorCode::kOverloaded, "too many modules wait to be compiled"}; }

}  // namespace

// Three kinds of threads: one loader of normal priority, which answers executions from artefacts;
// one of normal priority that makes baseline code for executions which found none; and the
// compilers, of low priority. A digest is in `pending` from its first request until its optimised
// code is there.
struct Compiler::Impl {
  Impl(const Engine& engine_in, Artefacts& artefacts_in, std::size_t max_queue_in)
      : engine(engine_in), artefacts(artefacts_in), max_queue(max_queue_in) {}

  const Engine& engine;
  Artefacts& artefacts;
  const std::size_t max_queue;
  std::function<void(const Digest&)> on_saved;

  // A queue of digests and the threads that take from it.
  struct Queue {
    std::deque<Digest> digests;
    std::condition_variable ready;

    void push(const Digest& digest) {
      digests.push_back(digest);
      ready.notify_one();
    }
  };

  mutable std::mutex mutex;
  bool stopping = false;  // this and all below: guarded by mutex
  std::unordered_map<Digest, Pending> pending;
  Queue to_load;      // asked for by executions
  Queue to_baseline;  // asked for by executions, without an artefact
  Queue to_compile;
  std::deque<Digest> background;  // to compile when to_compile is empty: nobody waits
  Clock::time_point last_prepare = Clock::time_point::min();
  Clock::time_point rested = Clock::time_point::min();  // when `background` goes on all the same
  std::unordered_map<Digest, Error> failures;
  std::deque<Digest> failure_order;

  std::vector<std::thread> threads;

  bool takes(const Digest& digest) const;
  void run_loader();
  void run_baseline();
  void run_compiler();
  std::optional<Digest> next(std::unique_lock<std::mutex>& lock, Queue& queue);
  std::optional<Digest> next_to_compile(std::unique_lock<std::mutex>& lock);
  bool wait_for_background(std::unique_lock<std::mutex>& lock);
  void compile_one(const Digest& digest, std::unique_lock<std::mutex>& lock);
  Load start_compiling(const Digest& digest);
  void deliver(const Digest& digest, const Compiled& compiled);
  void finish(const Digest& digest, const Compiled& compiled);
  void remember_failure(const Digest& digest, const Compiled& compiled);
  Compiled compile_now(const Digest& digest, ByteView wasm);
};

// Whether there is room for `digest`, and a need, among those that nobody waits for.
bool Compiler::Impl::takes(const Digest& digest) const {
  return !stopping && background.size() < max_queue && !failures.contains(digest) &&
         !pending.contains(digest);
}

// Empty when the compiler stops.
std::optional<Digest> Compiler::Impl::next(std::unique_lock<std::mutex>& lock, Queue& queue) {
  queue.ready.wait(lock, [&] { return stopping || !queue.digests.empty(); });
  if (stopping) return std::nullopt;
  const auto digest = queue.digests.front();
  queue.digests.pop_front();
  return digest;
}

std::optional<Digest> Compiler::Impl::next_to_compile(std::unique_lock<std::mutex>& lock) {
  while (!stopping && to_compile.digests.empty() && !wait_for_background(lock)) {
  }
  if (stopping) return std::nullopt;
  auto& queue = to_compile.digests.empty() ? background : to_compile.digests;
  const auto digest = queue.front();
  queue.pop_front();
  return digest;
}

// Whether something of `background` may be compiled now; else waits until things may have changed.
bool Compiler::Impl::wait_for_background(std::unique_lock<std::mutex>& lock) {
  if (background.empty()) {
    to_compile.ready.wait(lock);
    return false;
  }
  const auto start = std::min(last_prepare + kQuiet, rested);
  if (Clock::now() >= start) return true;
  to_compile.ready.wait_until(lock, start);
  return false;
}

void Compiler::Impl::run_loader() {
  std::unique_lock lock(mutex);
  while (const auto digest = next(lock, to_load)) {
    lock.unlock();
    const auto loaded = artefacts.load(*digest);
    if (loaded) finish(*digest, loaded);
    lock.lock();
    if (loaded) continue;
    to_baseline.push(*digest);
    to_compile.push(*digest);
  }
}

void Compiler::Impl::run_baseline() {
  std::unique_lock lock(mutex);
  while (const auto digest = next(lock, to_baseline)) {
    const auto found = pending.find(*digest);
    if (found == pending.end()) continue;  // compiled meanwhile
    const auto load = found->second.load;
    lock.unlock();
    const auto bytes = load();
    if (bytes && (*bytes)->size() >= kBaselineBytes) {
      const auto compiled = CompiledModule::compile(engine, **bytes, Tier::kBaseline);
      // What the baseline compiler cannot do, the other can; those who wait just wait longer.
      if (compiled) deliver(*digest, compiled);
      if ((*bytes)->size() > kLargeBytes) give_back_free_memory();
    }
    lock.lock();
  }
}

void Compiler::Impl::run_compiler() {
  lower_own_priority();
  std::unique_lock lock(mutex);
  while (const auto digest = next_to_compile(lock)) compile_one(*digest, lock);
}

// `lock` is given back in between.
void Compiler::Impl::compile_one(const Digest& digest, std::unique_lock<std::mutex>& lock) {
  const auto load = start_compiling(digest);
  if (!load) return;
  const bool nobody_waits = !pending[digest].asked;
  if (nobody_waits) rested = Clock::time_point::max();  // the others wait for quiet
  lock.unlock();
  const auto started = Clock::now();
  const auto bytes = load();
  finish(digest, bytes ? compile_now(digest, **bytes) : std::unexpected{bytes.error()});
  // Those who wait are answered before that.
  if (bytes && (*bytes)->size() > kLargeBytes) engine.give_back_memory();
  const auto ended = Clock::now();
  lock.lock();
  if (nobody_waits) rested = ended + kRest * (ended - started);
}

// Empty when it was done meanwhile, or another thread is at it.
Compiler::Load Compiler::Impl::start_compiling(const Digest& digest) {
  const auto found = pending.find(digest);
  if (found == pending.end() || std::exchange(found->second.compiling, true)) return nullptr;
  return found->second.load;
}

Compiled Compiler::Impl::compile_now(const Digest& digest, ByteView wasm) {
  auto compiled = CompiledModule::compile(engine, wasm, Tier::kOptimized);
  if (!compiled) return compiled;
  const auto saved = artefacts.save(digest, **compiled);
  if (!saved) spdlog::warn("{}: {}", to_hex(digest), saved.error().message);
  if (on_saved) on_saved(digest);
  return compiled;
}

// Answers those who wait now; the digest stays pending.
void Compiler::Impl::deliver(const Digest& digest, const Compiled& compiled) {
  std::vector<Compiler::Done> waiting;
  {
    const std::lock_guard lock(mutex);
    const auto found = pending.find(digest);
    if (found != pending.end()) waiting.swap(found->second.waiting);
  }
  for (auto& done : waiting) done(compiled);
}

void Compiler::Impl::finish(const Digest& digest, const Compiled& compiled) {
  std::vector<Compiler::Done> waiting;
  {
    const std::lock_guard lock(mutex);
    const auto found = pending.find(digest);
    if (found == pending.end()) return;
    waiting = std::move(found->second.waiting);
    pending.erase(found);
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
  if (!failures.emplace(digest, compiled.error()).second) return;
  failure_order.push_back(digest);
  if (failure_order.size() <= kMostFailures) return;
  failures.erase(failure_order.front());
  failure_order.pop_front();
}

Compiler::Compiler(const Engine& engine, Artefacts& artefacts, unsigned threads,
                   std::size_t max_queue)
    : impl_(std::make_unique<Impl>(engine, artefacts, max_queue)) {
  impl_->threads.emplace_back([this] { impl_->run_loader(); });
  impl_->threads.emplace_back([this] { impl_->run_baseline(); });
  for (unsigned i = 0; i < std::max(1U, threads); ++i) {
    impl_->threads.emplace_back([this] { impl_->run_compiler(); });
  }
}

Compiler::~Compiler() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
    for (auto* queue : {&impl_->to_load, &impl_->to_baseline, &impl_->to_compile}) {
      queue->ready.notify_all();
    }
  }
  for (auto& thread : impl_->threads) thread.join();
  for (auto& [digest, pending] : impl_->pending) {
    for (auto& done : pending.waiting) done(std::unexpected{overloaded()});
  }
}

void Compiler::on_saved(std::function<void(const Digest&)> hook) {
  impl_->on_saved = std::move(hook);
}

void Compiler::prepare(const Digest& digest, Load load) {
  std::unique_lock lock(impl_->mutex);
  impl_->last_prepare = Clock::now();
  if (!impl_->takes(digest)) return;
  lock.unlock();
  if (impl_->artefacts.contains(digest)) return;
  lock.lock();
  if (!impl_->takes(digest)) return;
  impl_->pending[digest].load = std::move(load);
  impl_->background.push_back(digest);
  if (impl_->background.size() == 1) impl_->to_compile.ready.notify_one();
}

void Compiler::compile(const Digest& digest, Load load, Done done) {
  Error refused = overloaded();
  {
    const std::lock_guard lock(impl_->mutex);
    const auto failure = impl_->failures.find(digest);
    const auto found = impl_->pending.find(digest);
    const bool room = impl_->pending.size() < impl_->max_queue * 2;
    if (failure != impl_->failures.end()) {
      refused = failure->second;
    } else if (!impl_->stopping && (found != impl_->pending.end() || room)) {
      auto& pending = impl_->pending[digest];
      if (!pending.load) pending.load = std::move(load);
      pending.waiting.push_back(std::move(done));
      if (!std::exchange(pending.asked, true)) impl_->to_load.push(digest);
      return;
    }
  }
  done(std::unexpected{std::move(refused)});
}

bool Compiler::busy() const {
  const std::lock_guard lock(impl_->mutex);
  return std::ranges::any_of(
      impl_->pending, [](const auto& item) { return item.second.compiling || item.second.asked; });
}

CompileStatus Compiler::status(const Digest& digest) const {
  const std::lock_guard lock(impl_->mutex);
  if (impl_->pending.contains(digest)) return {CompileState::kCompiling, {}};
  const auto failure = impl_->failures.find(digest);
  if (failure != impl_->failures.end()) return {CompileState::kFailed, failure->second.message};
  return {};
}

}  // namespace wasm_server

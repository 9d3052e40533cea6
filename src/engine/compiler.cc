#include "engine/compiler.h"

#include <algorithm>
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
#include "engine/compile_failures.h"
#include "engine/compiled_module.h"
#include "engine/precompile_queue.h"

namespace wasm_server {

namespace {

using Compiled = Result<std::shared_ptr<const CompiledModule>>;

// Compiling more than this takes so much memory that it is worth the time to give it back.
constexpr std::size_t kMuchMemoryBytes = 64U << 10;

// Who waits for one module: as many as there may be connections. Those whose deadline has passed
// are among them until it is there.
constexpr std::size_t kMostWaiting = 16'384;

// One digest that is to be made ready, and all who wait for it.
struct Pending {
  Compiler::Load load;
  std::vector<Compiler::Done> waiting;
  bool asked = false;         // by an execution: its artefact was looked for
  std::uint64_t size = 0;     // of the code, when it was asked for
  bool compiling = false;     // by one of the compilers, for those who wait
  bool precompiling = false;  // in spare time; not waited for, because that may never come
  bool preloading = false;    // by preload(), which those who ask wait for
};

Error overloaded() { return {ErrorCode::kOverloaded, "too many modules wait to be compiled"}; }

}  // namespace

// Five kinds of threads: one loader of normal priority, which answers executions from artefacts;
// for executions which found none, the compilers, of low priority, or, if the code is large, one of
// normal priority that makes baseline code and the optimisers, of low priority, whom nobody waits
// for any more then; and the precompilers, which have artefacts made in spare time. A digest is in
// `pending` from its first request until its optimised code is there.
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
  Queue to_compile;   // these three: asked for by executions, without an artefact
  Queue to_baseline;  // large code, as the next
  Queue to_optimise;
  PrecompileQueue to_precompile;  // stored, and not asked for
  CompileFailures failures;

  std::vector<std::thread> threads;

  bool takes(const Digest& digest) const;
  void run_loader();
  void run_baseline();
  void run_compiler(Queue& queue);
  void run_precompiler();
  void compile_later(const Digest& digest);
  std::optional<Digest> next(std::unique_lock<std::mutex>& lock, Queue& queue);
  void compile_one(const Digest& digest, std::unique_lock<std::mutex>& lock);
  void precompile_one(const Digest& digest, std::unique_lock<std::mutex>& lock);
  Load start_compiling(const Digest& digest);
  void deliver(const Digest& digest, const Compiled& compiled);
  void finish(const Digest& digest, const Compiled& compiled);
  Compiled compile_now(const Digest& digest, ByteView wasm);
  Result<void> precompile_now(const Digest& digest, ByteView wasm);
  void keep(const Digest& digest, ByteView artefact);
  void finish_precompiled(const Digest& digest, const Result<void>& done);
  bool begin_preload(const Digest& digest);
  void give_up_preload(const Digest& digest);
};

// Whether there is room for `digest`, and a need, among those that nobody waits for.
bool Compiler::Impl::takes(const Digest& digest) const {
  return !stopping && to_precompile.size() < max_queue && failures.find(digest) == nullptr &&
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

void Compiler::Impl::run_loader() {
  std::unique_lock lock(mutex);
  while (const auto digest = next(lock, to_load)) {
    lock.unlock();
    const auto loaded = artefacts.load(*digest);
    if (loaded) {
      finish(*digest, loaded);
      artefacts.mark_used({&*digest, 1});
    }
    lock.lock();
    if (!loaded) compile_later(*digest);
  }
}

void Compiler::Impl::compile_later(const Digest& digest) {
  const auto found = pending.find(digest);
  if (found == pending.end()) return;  // failed meanwhile
  if (found->second.size < CompiledModule::kLargeCode) return to_compile.push(digest);
  to_baseline.push(digest);
  to_optimise.push(digest);
}

void Compiler::Impl::run_baseline() {
  std::unique_lock lock(mutex);
  while (const auto digest = next(lock, to_baseline)) {
    const auto found = pending.find(*digest);
    // Compiled meanwhile, and perhaps the digest of a preload by now.
    if (found == pending.end() || !found->second.load) continue;
    const auto load = found->second.load;
    lock.unlock();
    const auto bytes = load();
    if (bytes) {
      const auto compiled = CompiledModule::compile(engine, **bytes, Tier::kBaseline);
      // What the baseline compiler cannot do, the other can; those who wait just wait longer.
      if (compiled) deliver(*digest, compiled);
      give_back_free_memory();
    }
    lock.lock();
  }
}

void Compiler::Impl::run_compiler(Queue& queue) {
  lower_own_priority();
  std::unique_lock lock(mutex);
  while (const auto digest = next(lock, queue)) compile_one(*digest, lock);
}

void Compiler::Impl::run_precompiler() {
  lower_own_priority();
  std::unique_lock lock(mutex);
  while (const auto digest = to_precompile.next(lock, stopping)) precompile_one(*digest, lock);
}

// `lock` is given back in between.
void Compiler::Impl::compile_one(const Digest& digest, std::unique_lock<std::mutex>& lock) {
  const auto load = start_compiling(digest);
  if (!load) return;
  lock.unlock();
  const auto bytes = load();
  finish(digest, bytes ? compile_now(digest, **bytes) : std::unexpected{bytes.error()});
  // Those who wait are answered before that.
  if (bytes && (*bytes)->size() > kMuchMemoryBytes) engine.give_back_memory();
  lock.lock();
}

// `lock` is given back in between.
void Compiler::Impl::precompile_one(const Digest& digest, std::unique_lock<std::mutex>& lock) {
  const auto found = pending.find(digest);
  if (found == pending.end() || found->second.asked) return;  // the compilers see to it
  found->second.precompiling = true;
  const auto load = found->second.load;
  to_precompile.begin_compiling();
  lock.unlock();
  const auto started = PrecompileQueue::Clock::now();
  if (artefacts.contains(digest)) {
    finish_precompiled(digest, {});
  } else {
    const auto bytes = load();
    finish_precompiled(digest,
                       bytes ? precompile_now(digest, **bytes) : std::unexpected{bytes.error()});
    if (bytes && (*bytes)->size() > kMuchMemoryBytes) engine.give_back_memory();
  }
  const auto ended = PrecompileQueue::Clock::now();
  lock.lock();
  to_precompile.end_compiling(started, ended);
}

Result<void> Compiler::Impl::precompile_now(const Digest& digest, ByteView wasm) {
  const auto artefact = CompiledModule::precompile(engine, wasm);
  if (!artefact) return std::unexpected{artefact.error()};
  keep(digest, *artefact);
  return {};
}

// An execution that asked meanwhile gets the artefact, unless the compilers were faster.
void Compiler::Impl::finish_precompiled(const Digest& digest, const Result<void>& done) {
  if (!done) return finish(digest, std::unexpected{done.error()});
  const std::lock_guard lock(mutex);
  const auto found = pending.find(digest);
  if (found == pending.end()) return;
  found->second.precompiling = false;
  if (found->second.asked) {
    to_load.push(digest);
  } else {
    pending.erase(found);
  }
}

// Whether nobody else is at it.
bool Compiler::Impl::begin_preload(const Digest& digest) {
  const std::lock_guard lock(mutex);
  if (stopping || pending.contains(digest)) return false;
  pending[digest].preloading = true;
  return true;
}

// An execution that asked meanwhile goes the usual way.
void Compiler::Impl::give_up_preload(const Digest& digest) {
  const std::lock_guard lock(mutex);
  const auto found = pending.find(digest);
  if (found == pending.end()) return;
  if (found->second.asked) {
    found->second.preloading = false;
    to_load.push(digest);
  } else {
    pending.erase(found);
  }
}

// Empty when it was done meanwhile (and the digest may be that of a preload by now), or another
// thread is at it.
Compiler::Load Compiler::Impl::start_compiling(const Digest& digest) {
  const auto found = pending.find(digest);
  if (found == pending.end() || !found->second.load) return nullptr;
  return std::exchange(found->second.compiling, true) ? nullptr : found->second.load;
}

Compiled Compiler::Impl::compile_now(const Digest& digest, ByteView wasm) {
  auto compiled = CompiledModule::compile(engine, wasm, Tier::kOptimized);
  if (!compiled) return compiled;
  const auto artefact = (*compiled)->serialize();
  if (!artefact) {
    spdlog::warn("{}: {}", to_hex(digest), artefact.error().message);
    return compiled;
  }
  keep(digest, *artefact);
  if (artefact->size() > CompiledModule::kSmallBytes) return compiled;
  auto loaded = CompiledModule::load(engine, *artefact);  // which takes less to hold
  return loaded ? loaded : compiled;
}

void Compiler::Impl::keep(const Digest& digest, ByteView artefact) {
  const auto saved = artefacts.save(digest, artefact);
  if (!saved) spdlog::warn("{}: {}", to_hex(digest), saved.error().message);
  if (on_saved) on_saved(digest);
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
    if (compiled) {
      failures.forget(digest);
    } else {
      failures.remember(digest, compiled.error());
    }
  }
  for (auto& done : waiting) done(compiled);
}

Compiler::Compiler(const Engine& engine, Artefacts& artefacts, unsigned threads,
                   std::size_t max_queue)
    : impl_(std::make_unique<Impl>(engine, artefacts, max_queue)) {
  impl_->threads.emplace_back([this] { impl_->run_loader(); });
  impl_->threads.emplace_back([this] { impl_->run_baseline(); });
  for (unsigned i = 0; i < std::max(1U, threads); ++i) {
    impl_->threads.emplace_back([this] { impl_->run_compiler(impl_->to_compile); });
    impl_->threads.emplace_back([this] { impl_->run_precompiler(); });
  }
  // Each takes hundreds of megabytes, and is divided among all cores anyway.
  for (unsigned i = 0; i < std::max(1U, threads / 2); ++i) {
    impl_->threads.emplace_back([this] { impl_->run_compiler(impl_->to_optimise); });
  }
}

Compiler::~Compiler() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
    for (auto* queue :
         {&impl_->to_load, &impl_->to_compile, &impl_->to_baseline, &impl_->to_optimise}) {
      queue->ready.notify_all();
    }
    impl_->to_precompile.notify_all();
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
  impl_->to_precompile.note_stored();
  if (!impl_->takes(digest)) return;
  lock.unlock();
  if (impl_->artefacts.contains_at_hand(digest)) return;
  lock.lock();
  if (!impl_->takes(digest)) return;
  impl_->pending[digest].load = std::move(load);
  impl_->to_precompile.push(digest);
}

void Compiler::compile(const Digest& digest, std::uint64_t size, Load load, Done done) {
  Error refused = overloaded();
  {
    const std::lock_guard lock(impl_->mutex);
    const Error* failure = impl_->failures.find(digest);
    const auto found = impl_->pending.find(digest);
    const bool room = found == impl_->pending.end() ? impl_->pending.size() < impl_->max_queue * 2
                                                    : found->second.waiting.size() < kMostWaiting;
    if (failure != nullptr) {
      refused = *failure;
    } else if (!impl_->stopping && room) {
      auto& pending = impl_->pending[digest];
      if (!pending.load) pending.load = std::move(load);
      pending.size = size;
      pending.waiting.push_back(std::move(done));
      if (!std::exchange(pending.asked, true) && !pending.preloading) impl_->to_load.push(digest);
      return;
    }
  }
  done(std::unexpected{std::move(refused)});
}

std::shared_ptr<const CompiledModule> Compiler::load_at_hand(const Digest& digest) const {
  return impl_->artefacts.load_at_hand(digest);
}

void Compiler::preload(const Digest& digest, const Keep& keep) {
  if (!impl_->begin_preload(digest)) return;
  const auto loaded = impl_->artefacts.load(digest);
  if (!loaded) return impl_->give_up_preload(digest);
  keep(*loaded);
  impl_->finish(digest, loaded);
}

bool Compiler::busy() const {
  const std::lock_guard lock(impl_->mutex);
  return std::ranges::any_of(impl_->pending, [](const auto& item) {
    return item.second.compiling || item.second.precompiling || item.second.asked;
  });
}

CompileStatus Compiler::status(const Digest& digest) const {
  const std::lock_guard lock(impl_->mutex);
  const auto found = impl_->pending.find(digest);
  if (found != impl_->pending.end() && !found->second.preloading) {
    return {CompileState::kCompiling, {}};
  }
  const Error* failure = impl_->failures.find(digest);
  if (failure != nullptr) return {CompileState::kFailed, failure->message};
  return {};
}

}  // namespace wasm_server

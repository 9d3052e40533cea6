#include "compile/compiler.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include <spdlog/spdlog.h>

#include "compile/artefacts.h"
#include "compile/compile_failures.h"
#include "engine/code/compiled_module.h"

namespace wasm_server {

namespace {

using std::chrono::microseconds;
using Compiled = Result<std::shared_ptr<const CompiledModule>>;

// Who waits for one module: as many as there may be connections. Those whose deadline has passed
// are among them until it is there.
constexpr std::size_t kMaxWaiting = 16'384;

// What is expected to take longer is answered with baseline code first.
constexpr microseconds kSmallTime{30'000};

// Baseline code takes about so many times less.
constexpr int kBaselineGain = 8;

// What a task is expected to take that was taken for small.
constexpr microseconds kLongTime{10'000'000};

// A task that made way may go on twice as long the next time: so it ends one day, and what was lost
// is no more than what it takes itself.
constexpr int kUndisturbedGrowth = 2;

// One digest that is to be made ready, and all who wait for it.
struct Pending {
  Compiler::Load load;
  std::vector<Compiler::Done> waiting;
  std::uint64_t size = 0;
  microseconds expected{0};
  bool asked = false;       // by an execution
  bool preloading = false;  // by preload(), which those who ask wait for
};

Error overloaded() { return {ErrorCode::kOverloaded, "too many modules wait to be compiled"}; }

}  // namespace

// A loader thread answers executions from artefacts; what has none becomes a task of the
// scheduler's. A digest is in `pending` from its first request until its optimised code is there.
struct Compiler::Impl {
  Impl(const Engine& engine_in, Artefacts& artefacts_in, const CompilerSettings& settings_in)
      : engine(engine_in), artefacts(artefacts_in), settings(settings_in) {}

  const Engine& engine;
  Artefacts& artefacts;
  const CompilerSettings settings;
  std::function<void(const Digest&)> on_saved;

  mutable std::mutex mutex;  // taken before the scheduler's
  std::condition_variable load_ready;
  bool stopping = false;  // this and below: guarded by mutex
  std::unordered_map<Digest, Pending> pending;
  std::uint64_t pending_bytes = 0;
  std::deque<Digest> to_load;  // asked for by executions
  CompileFailures failures;

  std::optional<CompileScheduler> scheduler;
  std::thread loader;

  bool has_room(std::size_t max_pending, std::uint64_t size) const;
  bool takes(const CompileSubject& subject) const;
  Pending& add(const CompileSubject& subject);
  void erase(std::unordered_map<Digest, Pending>::iterator found);
  void ask_to_load(const Digest& digest);
  void run_loader();
  void compile_now(const Digest& digest, Pending& of);
  void push(const Digest& digest, TaskClass task_class, microseconds expected, bool ahead = false);
  Result<SharedBytes> load_code(const Digest& digest) const;
  void ended(const CompileTask& task, CompileScheduler::End end);
  void stopped(const CompileTask& task, std::chrono::nanoseconds used);
  void made(const CompileTask& task, const SealedMemory& artefact);
  Compiled use(const SealedMemory& artefact, Tier tier) const;
  void save(const Digest& digest, ByteView artefact);
  void deliver(const Digest& digest, const Compiled& compiled);
  void finish(const Digest& digest, const Compiled& compiled);
  bool begin_preload(const Digest& digest);
  void give_up_preload(const Digest& digest);
};

bool Compiler::Impl::has_room(std::size_t max_pending, std::uint64_t size) const {
  return !stopping && pending.size() < max_pending &&
         (pending.empty() || pending_bytes + size <= settings.queue_bytes);
}

// Whether there is room for it, and a need, among those that nobody waits for.
bool Compiler::Impl::takes(const CompileSubject& subject) const {
  return has_room(settings.queue, subject.size) && failures.find(subject.digest) == nullptr &&
         !pending.contains(subject.digest);
}

Pending& Compiler::Impl::add(const CompileSubject& subject) {
  Pending& added = pending[subject.digest];
  added.size = subject.size;
  added.expected = subject.expected;
  pending_bytes += subject.size;
  return added;
}

void Compiler::Impl::erase(std::unordered_map<Digest, Pending>::iterator found) {
  pending_bytes -= found->second.size;
  pending.erase(found);
}

void Compiler::Impl::ask_to_load(const Digest& digest) {
  to_load.push_back(digest);
  load_ready.notify_one();
}

void Compiler::Impl::run_loader() {
  std::unique_lock lock(mutex);
  while (true) {
    load_ready.wait(lock, [this] { return stopping || !to_load.empty(); });
    if (stopping) return;
    const auto digest = to_load.front();
    to_load.pop_front();
    lock.unlock();
    const auto loaded = artefacts.load(digest);
    if (loaded) {
      finish(digest, loaded);
      artefacts.mark_used({&digest, 1});
    }
    lock.lock();
    const auto found = pending.find(digest);
    if (!loaded && found != pending.end()) compile_now(digest, found->second);
  }
}

// Somebody waits, and there is no artefact. mutex held.
void Compiler::Impl::compile_now(const Digest& digest, Pending& of) {
  if (of.expected <= kSmallTime) {
    scheduler->withdraw(digest, TaskClass::kOptimised);
    push(digest, TaskClass::kSmall, of.expected);
    return;
  }
  push(digest, TaskClass::kBaseline, of.expected / kBaselineGain);
  push(digest, TaskClass::kOptimised, of.expected);
}

// Unless there is such a task already that runs. mutex held.
void Compiler::Impl::push(const Digest& digest, TaskClass task_class, microseconds expected,
                          bool ahead) {
  scheduler->withdraw(digest, task_class);
  if (scheduler->has(digest, task_class)) return;
  scheduler->push({digest, task_class, expected, ahead});
}

Result<SharedBytes> Compiler::Impl::load_code(const Digest& digest) const {
  Load load;
  {
    const std::lock_guard lock(mutex);
    const auto found = pending.find(digest);
    if (found != pending.end()) load = found->second.load;
  }
  if (!load) return fail(ErrorCode::kNotFound, "the module is not wanted any more");
  return load();
}

void Compiler::Impl::ended(const CompileTask& task, CompileScheduler::End end) {
  if (const auto* overdue = std::get_if<CompileScheduler::Overdue>(&end)) {
    stopped(task, overdue->cpu);
  } else if (const auto* artefact = std::get_if<SealedMemory>(&end)) {
    made(task, *artefact);
  } else if (task.task_class != TaskClass::kBaseline) {
    // What the baseline compiler cannot do, the other can; who waits just waits longer.
    finish(task.digest, std::unexpected{std::get<Error>(std::move(end))});
  }
}

// It takes longer than it should, and others wait: it moves down, to where others do not.
void Compiler::Impl::stopped(const CompileTask& task, std::chrono::nanoseconds used) {
  const std::lock_guard lock(mutex);
  const auto found = pending.find(task.digest);
  if (found == pending.end()) return;
  if (task.task_class == TaskClass::kSmall) {
    found->second.expected = kLongTime;
    compile_now(task.digest, found->second);
  } else {
    auto again = task;
    again.undisturbed = kUndisturbedGrowth * used;
    again.expected =
        std::max(task.expected, std::chrono::duration_cast<microseconds>(again.undisturbed));
    scheduler->push(again);
  }
}

void Compiler::Impl::made(const CompileTask& task, const SealedMemory& artefact) {
  const bool baseline = task.task_class == TaskClass::kBaseline;
  const auto compiled = use(artefact, baseline ? Tier::kBaseline : Tier::kOptimized);
  if (baseline) {
    if (compiled) deliver(task.digest, compiled);
    return;
  }
  if (compiled) {
    deliver(task.digest, compiled);  // those who wait do not wait for the disk
    save(task.digest, artefact.bytes());
  }
  finish(task.digest, compiled);
}

// Fails when it does not fit the engine's pool.
Compiled Compiler::Impl::use(const SealedMemory& artefact, Tier tier) const {
  if (artefact.bytes().size() <= CompiledModule::kSmallBytes) {
    return CompiledModule::load(engine, artefact.bytes(), tier);
  }
  TRY_ASSIGN(auto file, artefact.duplicate());
  return CompiledModule::map_file(engine, std::move(file), tier);
}

void Compiler::Impl::save(const Digest& digest, ByteView artefact) {
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
    // A short one that is compiled beside ends soon, and its worker need not be made anew.
    const bool cancel = !compiled || found->second.expected > kSmallTime;
    erase(found);
    if (cancel) scheduler->cancel(digest);
    if (compiled) {
      failures.forget(digest);
    } else {
      failures.remember(digest, compiled.error());
    }
  }
  for (auto& done : waiting) done(compiled);
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
    ask_to_load(digest);
  } else {
    erase(found);
  }
}

Compiler::Compiler(const Engine& engine, Artefacts& artefacts, const CompilerSettings& settings)
    : impl_(std::make_unique<Impl>(engine, artefacts, settings)) {
  auto* const impl = impl_.get();
  impl->scheduler.emplace(
      settings,
      CompileScheduler::Owner{
          .load = [impl](const Digest& digest) { return impl->load_code(digest); },
          .ended = [impl](const CompileTask& task,
                          CompileScheduler::End end) { impl->ended(task, std::move(end)); }});
  impl->loader = std::thread([impl] { impl->run_loader(); });
}

Compiler::~Compiler() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
    impl_->load_ready.notify_all();
  }
  impl_->loader.join();
  impl_->scheduler->stop();  // what ends meanwhile still finds it
  for (auto& [digest, pending] : impl_->pending) {
    for (auto& done : pending.waiting) done(std::unexpected{overloaded()});
  }
}

void Compiler::on_saved(std::function<void(const Digest&)> hook) {
  impl_->on_saved = std::move(hook);
}

void Compiler::prepare(const CompileSubject& subject, Load load) {
  impl_->scheduler->saw_ahead();
  std::unique_lock lock(impl_->mutex);
  if (!impl_->takes(subject)) return;
  lock.unlock();
  if (impl_->artefacts.contains_without_io(subject.digest)) return;
  lock.lock();
  if (!impl_->takes(subject)) return;
  auto& pending = impl_->add(subject);
  pending.load = std::move(load);
  impl_->push(subject.digest, TaskClass::kOptimised, pending.expected, true);
}

void Compiler::compile(const CompileSubject& subject, Load load, Done done) {
  Error refused = overloaded();
  {
    const std::lock_guard lock(impl_->mutex);
    const auto& digest = subject.digest;
    const Error* failure = impl_->failures.find(digest);
    auto found = impl_->pending.find(digest);
    const bool is_new = found == impl_->pending.end();
    const bool room = is_new ? impl_->has_room(impl_->settings.queue * 2, subject.size)
                             : found->second.waiting.size() < kMaxWaiting;
    if (failure != nullptr) {
      refused = *failure;
    } else if (!impl_->stopping && room) {
      auto& pending = is_new ? impl_->add(subject) : found->second;
      pending.waiting.push_back(std::move(done));
      if (std::exchange(pending.asked, true)) return;
      if (!pending.load) pending.load = std::move(load);
      if (pending.preloading) {
        pending.expected = subject.expected;
      } else if (is_new) {
        impl_->ask_to_load(digest);
      } else {
        impl_->compile_now(digest, pending);  // it is being prepared, because it has no artefact
      }
      return;
    }
  }
  done(std::unexpected{std::move(refused)});
}

void Compiler::forget(const Digest& digest) {
  std::vector<Done> waiting;
  {
    const std::lock_guard lock(impl_->mutex);
    const auto found = impl_->pending.find(digest);
    if (found == impl_->pending.end() || found->second.preloading) return;
    waiting = std::move(found->second.waiting);
    impl_->erase(found);
    impl_->scheduler->cancel(digest);
  }
  for (auto& done : waiting) done(fail(ErrorCode::kNotFound, "the module was deleted"));
}

std::shared_ptr<const CompiledModule> Compiler::load_without_io(const Digest& digest) const {
  return impl_->artefacts.load_without_io(digest);
}

void Compiler::preload(const Digest& digest, const Keep& keep) {
  if (!impl_->begin_preload(digest)) return;
  const auto loaded = impl_->artefacts.load(digest);
  if (!loaded) return impl_->give_up_preload(digest);
  keep(*loaded);
  impl_->finish(digest, loaded);
}

std::size_t Compiler::pending() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->pending.size();
}

CompileScheduler::ClassFigures Compiler::figures(TaskClass task_class) const {
  return impl_->scheduler->figures(task_class);
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

#include "compile/worker/worker_slot.h"

#include <utility>

#include "base/core_use.h"
#include "base/log.h"

namespace wasm_server {

namespace {

using Clock = std::chrono::steady_clock;

// On a machine that is very busy. A worker that needs longer will never be ready.
constexpr std::chrono::seconds kMaxStartTime{120};

// What is ahead of need is not started again sooner: it may end at once, again and again.
constexpr std::chrono::seconds kRestartPause{1};

// Looks at what a task takes, for as long as it runs.
class LimitWatch {
 public:
  LimitWatch(const WorkerLimits& limits, const WorkerProcess::Watch& go_on)
      : limits_(limits), go_on_(go_on) {}

  bool look(std::chrono::nanoseconds cpu) {
    const auto now = Clock::now();
    if (cpu != used_) moved_ = now;
    used_ = cpu;
    beyond_cpu_ = cpu > limits_.cpu;
    hangs_ = now - moved_ > limits_.idle;
    return !beyond_cpu_ && !hangs_ && go_on_(cpu);
  }

  bool is_beyond_cpu() const { return beyond_cpu_; }
  bool hangs() const { return hangs_; }

 private:
  const WorkerLimits& limits_;
  const WorkerProcess::Watch& go_on_;
  std::chrono::nanoseconds used_{0};
  Clock::time_point moved_ = Clock::now();
  bool beyond_cpu_ = false;
  bool hangs_ = false;
};

std::string seconds_text(std::chrono::milliseconds time) {
  auto text = std::to_string(time.count() / 1000);
  if (const auto rest = time.count() % 1000; rest != 0) {
    const auto digits = std::to_string(1000 + rest).substr(1);
    text += '.' + digits.substr(0, digits.find_last_not_of('0') + 1);
  }
  return text + " s";
}

}  // namespace

bool WorkerSlot::prepare_ahead() {
  if (process_ != nullptr && process_->is_alive()) return true;
  return Clock::now() - started_ >= kRestartPause && prepare();
}

bool WorkerSlot::prepare() {
  if (process_ != nullptr && process_->is_alive()) return true;
  put(nullptr);
  auto started = WorkerProcess::start(setup_, command_);
  if (!started) {
    log_info(started.error().message + ": " + started.error().log);
    return false;
  }
  put(*std::move(started));
  started_ = Clock::now();
  return true;
}

void WorkerSlot::put(std::unique_ptr<WorkerProcess> process) {
  {
    const std::lock_guard lock(mutex_);
    process_.swap(process);
  }
  // The former one ends here, without the lock.
}

void WorkerSlot::stop() {
  const std::lock_guard lock(mutex_);
  if (process_ != nullptr) process_->kill();
}

WorkerSlot::End WorkerSlot::run(ByteView code, const WorkerProcess::Watch& go_on) {
  auto handed = SealedMemory::copy_of(code);
  if (!handed) return std::move(handed).error();
  const CoreUse computing;
  LimitWatch limits(limits_, go_on);
  const auto watch = [&limits](std::chrono::nanoseconds cpu) { return limits.look(cpu); };
  auto answer = try_twice(*handed, watch, go_on);
  if (auto* memory = std::get_if<SealedMemory>(&answer)) return std::move(*memory);
  if (auto* error = std::get_if<Error>(&answer)) return std::move(*error);
  put(nullptr);
  const std::string work = setup_.work == CompileWork::kInspect ? "validating" : "compiling";
  if (limits.is_beyond_cpu()) {
    return Error{ErrorCode::kInvalidModule,
                 work + " took more than " + seconds_text(limits_.cpu) + " of CPU time"};
  }
  if (limits.hangs()) return Error{ErrorCode::kInvalidModule, work + " came to a standstill"};
  const auto end = std::get<WorkerEnd>(answer);
  if (end == WorkerEnd::kStopped) return Stopped{};
  return error_of(end, work);
}

// Who killed it from outside need not have meant the module.
WorkerProcess::Answer WorkerSlot::try_twice(const SealedMemory& code,
                                            const WorkerProcess::Watch& limited,
                                            const WorkerProcess::Watch& go_on) {
  auto answer = try_once(code, limited, go_on);
  const auto* end = std::get_if<WorkerEnd>(&answer);
  if (end != nullptr && *end == WorkerEnd::kKilled) return try_once(code, limited, go_on);
  return answer;
}

WorkerProcess::Answer WorkerSlot::try_once(const SealedMemory& code,
                                           const WorkerProcess::Watch& limited,
                                           const WorkerProcess::Watch& go_on) {
  if (!prepare()) return Error{ErrorCode::kInternal, "there is no compile worker"};
  const auto end = process_->wait_until_ready([&, begin = Clock::now()](auto) {
    return Clock::now() - begin < kMaxStartTime && go_on({});
  });
  if (end) return *end;
  return process_->run(code, limited);
}

Error WorkerSlot::error_of(WorkerEnd end, const std::string& work) const {
  switch (end) {
    case WorkerEnd::kOutOfMemory:
      return {ErrorCode::kMemoryLimit,
              work + " took more memory than " + std::to_string(setup_.memory_bytes) + " bytes"};
    case WorkerEnd::kNonsense:
      return {ErrorCode::kInvalidModule, "the compiler broke down and answered nonsense"};
    case WorkerEnd::kKilled:
      return {ErrorCode::kInvalidModule, "the compiler was killed by the system, twice"};
    default:
      return {ErrorCode::kInvalidModule, "the compiler crashed"};
  }
}

}  // namespace wasm_server

#include "cli/bench/load.h"

#include <signal.h>  // NOLINT(modernize-deprecated-headers): POSIX's is more than <csignal>
#include <sys/resource.h>

#include <atomic>
#include <deque>
#include <thread>
#include <vector>

#include "base/text.h"
#include "base/timespec.h"
#include "cli/api/problem.h"

namespace wasm_server::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLook{50};
constexpr std::chrono::milliseconds kPauseWithoutServer{50};
// A server could answer with a new code each time.
constexpr std::size_t kMaxCodes = 32;

enum Phase : int { kWarmUp, kMeasure, kStop };

std::chrono::nanoseconds own_cpu_time() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto time = [](const timeval& value) {
    return std::chrono::seconds(value.tv_sec) + std::chrono::microseconds(value.tv_usec);
  };
  return time(usage.ru_utime) + time(usage.ru_stime);
}

// Keeps SIGINT and SIGTERM from all threads that are started while it lives.
class Interrupts {
 public:
  Interrupts() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set_, &before_);
  }
  ~Interrupts() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  // Whether one came within that time.
  bool wait(std::chrono::nanoseconds time) const {
    const timespec timeout = timespec_of(time);
    return sigtimedwait(&set_, nullptr, &timeout) > 0;
  }

 private:
  sigset_t set_{};
  sigset_t before_{};
};

// One connection, on its own thread.
class Caller {
 public:
  Caller(const ServerAddress& server, const HttpRequest& request)
      : client_(server), request_(request) {}

  void run(std::atomic<int>& phase, std::atomic<unsigned>& warm) {
    (void)client_.send(request_);  // a server that is gone is counted by the calls that follow
    ++warm;
    phase.wait(kWarmUp);
    while (phase == kMeasure) call();
    ended_ = Clock::now();
  }

  const LoadOutcome& seen() const { return seen_; }
  Clock::time_point ended() const { return ended_; }

 private:
  void call() {
    const Clock::time_point started = Clock::now();
    const Outcome<HttpAnswer> answer = client_.send(request_);
    const Clock::duration took = Clock::now() - started;
    if (!answer) {
      count_failure("unreachable");
      std::this_thread::sleep_for(kPauseWithoutServer);
    } else if (std::string code = failure_code(*answer); !code.empty()) {
      count_failure(std::move(code));
    } else {
      seen_.latencies.add(took);
      take_timing(*answer);
    }
  }

  static std::string failure_code(const HttpAnswer& answer) {
    if (answer.cut_off) return "cut-off";
    if (answer.status < 200 || answer.status >= 300) {
      const std::string code = problem_code(answer);
      return code.empty() ? "status-" + std::to_string(answer.status) : shorten(code);
    }
    const std::string_view exit_code = answer.header("wasm-exit-code");
    return exit_code.empty() || exit_code == "0" ? "" : "exit-code-" + shorten(exit_code);
  }

  void count_failure(std::string code) {
    const bool full = seen_.failures.size() >= kMaxCodes && !seen_.failures.contains(code);
    ++seen_.failures[full ? "other" : std::move(code)];
  }

  void take_timing(const HttpAnswer& answer) {
    if (const auto timing = read_server_timing(answer.header("server-timing"))) {
      seen_.server += *timing;
      ++seen_.told;
    }
  }

  HttpClient client_;
  const HttpRequest& request_;
  LoadOutcome seen_;
  Clock::time_point ended_{};
};

// Lets the callers go on, also when a thread could not be started.
class PhaseChange {
 public:
  explicit PhaseChange(std::atomic<int>& phase) : phase_(phase) {}
  ~PhaseChange() { to(kStop); }
  PhaseChange(const PhaseChange&) = delete;
  PhaseChange& operator=(const PhaseChange&) = delete;

  void to(Phase phase) {
    phase_ = phase;
    phase_.notify_all();
  }

 private:
  std::atomic<int>& phase_;
};

void add(LoadOutcome& all, const LoadOutcome& one) {
  all.latencies.add(one.latencies);
  for (const auto& [code, count] : one.failures) all.failures[code] += count;
  all.server += one.server;
  all.told += one.told;
}

// Runs the callers' threads from their first call to the end of their last one; when measuring
// began.
Clock::time_point run_all(std::deque<Caller>& callers, std::chrono::milliseconds time,
                          std::chrono::nanoseconds& cpu_before) {
  std::atomic<int> phase = kWarmUp;
  std::atomic<unsigned> warm = 0;
  std::vector<std::jthread> threads;
  const Interrupts interrupts;  // let through again before the last calls are waited for
  PhaseChange change(phase);
  for (Caller& caller : callers)
    threads.emplace_back([&caller, &phase, &warm] { caller.run(phase, warm); });
  bool interrupted = false;
  while (!interrupted && warm < callers.size()) interrupted = interrupts.wait(kLook);
  cpu_before = own_cpu_time();
  const Clock::time_point started = Clock::now();
  if (interrupted) return started;
  change.to(kMeasure);
  interrupts.wait(time);
  return started;
}

}  // namespace

std::uint64_t LoadOutcome::failed() const {
  std::uint64_t count = 0;
  for (const auto& [code, times] : failures) count += times;
  return count;
}

LoadOutcome generate_load(const ServerAddress& server, const HttpRequest& request,
                          const LoadPlan& plan) {
  std::deque<Caller> callers;
  for (unsigned i = 0; i < plan.connections; ++i) callers.emplace_back(server, request);
  LoadOutcome all;
  std::chrono::nanoseconds cpu_before{};
  const Clock::time_point started = run_all(callers, plan.time, cpu_before);
  all.own_cpu = own_cpu_time() - cpu_before;
  for (const Caller& caller : callers) {
    add(all, caller.seen());
    all.elapsed = std::max<std::chrono::nanoseconds>(all.elapsed, caller.ended() - started);
  }
  return all;
}

}  // namespace wasm_server::cli

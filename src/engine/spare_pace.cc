#include "engine/spare_pace.h"

#include <signal.h>  // NOLINT(modernize-deprecated-headers): POSIX's is more than <csignal>
#include <time.h>    // NOLINT(modernize-deprecated-headers): the same
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <mutex>
#include <vector>

#include "base/cpu_time.h"
#include "base/timespec.h"

namespace wasm_server {

namespace {

using std::chrono::nanoseconds;

// One thread's. It and its signal handler use this, nobody else but for the timer.
struct Paced {
  timer_t timer{};
  nanoseconds computed{0};  // the thread's CPU time when its turn began
};

// All of them; never destroyed, because the threads may outlive what is.
struct Threads {
  std::mutex mutex;
  std::vector<Paced*> paced;  // guarded by mutex
};

Threads& threads() {
  static auto& all = *new Threads;
  return all;
}

// Lock-free, so that the handler may read them.
std::atomic<unsigned> works{0};
std::atomic<std::int64_t> rest_nanoseconds{0};

int signal_number() { return SIGRTMIN; }

void interrupt_after(const Paced& paced, nanoseconds time) {
  itimerspec once{};
  once.it_value = timespec_of(time);
  timer_settime(paced.timer, 0, &once, nullptr);
}

// In the signal handler: rests, if it is time to. Gives the time until the next look.
nanoseconds pace(Paced& paced) {
  const nanoseconds rest{rest_nanoseconds.load(std::memory_order_relaxed)};
  if (rest == nanoseconds::zero()) {
    paced.computed = thread_cpu_time();
    return SparePace::kLook;
  }
  const auto used = thread_cpu_time() - paced.computed;
  if (used < SparePace::kTurn / 8) return SparePace::kLook;
  if (used < SparePace::kTurn * 7 / 8) return SparePace::kTurn - used;
  const auto time = timespec_of(rest);
  clock_nanosleep(CLOCK_MONOTONIC, 0, &time, nullptr);
  paced.computed = thread_cpu_time();
  return SparePace::kTurn;
}

void on_signal(int /*number*/, siginfo_t* info, void* /*context*/) {
  if (info->si_code != SI_TIMER) return;  // somebody's, not ours
  const int error = errno;
  auto& paced = *static_cast<Paced*>(info->si_value.sival_ptr);
  // Work that begins after this look sets the timer itself.
  if (works.load() != 0) interrupt_after(paced, pace(paced));
  errno = error;
}

bool handle_signal() {
  struct sigaction action{};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  return sigaction(signal_number(), &action, nullptr) == 0;
}

void mask_signal(int how) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal_number());
  pthread_sigmask(how, &set, nullptr);
}

// Of a thread that keeps to the pace.
class Member {
 public:
  Member() {
    sigevent event{};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = signal_number();
    event.sigev_value.sival_ptr = &paced_;
    event._sigev_un._tid = gettid();
    has_timer_ = timer_create(CLOCK_MONOTONIC, &event, &paced_.timer) == 0;
    if (!has_timer_) return;
    mask_signal(SIG_UNBLOCK);
    const std::lock_guard lock(threads().mutex);
    threads().paced.push_back(&paced_);
    if (works.load() != 0) interrupt_after(paced_, SparePace::kTurn);
  }
  ~Member() {
    if (!has_timer_) return;
    // What is on its way does not find the thread any more.
    mask_signal(SIG_BLOCK);
    {
      const std::lock_guard lock(threads().mutex);
      std::erase(threads().paced, &paced_);
    }
    timer_delete(paced_.timer);
  }
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;

 private:
  Paced paced_;
  bool has_timer_ = false;
};

}  // namespace

std::chrono::microseconds SparePace::rest_for(double calls_per_second) {
  // At 10,000 calls a second, which take perhaps a third of a core, the longest.
  constexpr double kMany = 10'000;
  if (calls_per_second <= 0) return std::chrono::microseconds::zero();
  const auto share = std::min(1.0, calls_per_second / kMany);
  const std::chrono::duration<double, std::micro> rest = share * kLongestRest;
  return std::max(kShortestRest, std::chrono::duration_cast<std::chrono::microseconds>(rest));
}

void SparePace::keep() {
  static const bool handled = handle_signal();
  if (handled) static const thread_local Member k_member;
}

SparePace::Work::Work() {
  if (works.fetch_add(1) != 0) return;
  const std::lock_guard lock(threads().mutex);
  for (const auto* paced : threads().paced) interrupt_after(*paced, kTurn);
}

SparePace::Work::~Work() { works.fetch_sub(1); }

void SparePace::set_calls(double per_second) {
  const nanoseconds rest = rest_for(per_second);
  rest_nanoseconds.store(rest.count(), std::memory_order_relaxed);
}

bool SparePace::has_rests() { return rest_nanoseconds.load(std::memory_order_relaxed) != 0; }

}  // namespace wasm_server

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "worker/slice_use.h"

namespace wasm_server {

// How many calls of one module may run and wait; 0: only the server's caps apply.
struct ConcurrencyLimits {
  std::uint64_t max_concurrency = 0;
  std::uint64_t max_queue = 0;
};

// A call that waits to be let in. Owned by whoever waits; kept alive by the queue.
class Waiter {
 public:
  virtual ~Waiter() = default;
  // Let in; leave() is owed. Called once, from any thread, without a lock held.
  virtual void admitted() = 0;
};

// Decides which executions run: a cap on running and on waiting calls, for the whole server and per
// module. Waiting calls are let in one module after the other, so that one module's flood does not
// starve another's single call. It also remembers which modules' calls belong in the background
// from the start: those whose last call was a long one, and for ten seconds those of which one held
// a thread, so that this costs a worker a fraction of its time at most. Safe from any thread.
class Admission {
 public:
  using Clock = std::chrono::steady_clock;

  // Of one module. Kept for as long as a call of that module is in or waits.
  struct ConcurrencyLimiter {
    ConcurrencyLimits limits;
    std::uint64_t running = 0;
    std::deque<std::shared_ptr<Waiter>> waiting;
    bool slow = false;  // its last call was long
    Clock::time_point held_until{};
  };

  struct Ticket {
    ConcurrencyLimiter* limiter = nullptr;  // null: not in
    bool slow = false;                      // to be started in the background
  };

  enum class Queued : std::uint8_t { kAdmitted, kWaiting, kRefused };

  Admission(std::uint64_t max_running, std::uint64_t max_waiting)
      : max_running_(max_running), max_waiting_(max_waiting) {}

  // In at once, or not at all.
  Ticket try_enter(std::string_view id, const ConcurrencyLimits& limits);

  // In at once (no admitted() then), or in the queue, or refused because that is full. Sets
  // `limiter`.
  Queued enter_or_wait(std::string_view id, const ConcurrencyLimits& limits,
                       const std::shared_ptr<Waiter>& waiter,
                       std::shared_ptr<ConcurrencyLimiter>& limiter);

  // False when it was let in meanwhile.
  bool stop_waiting(ConcurrencyLimiter& limiter, const std::shared_ptr<Waiter>& waiter);

  // A call has ended.
  void leave(ConcurrencyLimiter& limiter, SliceUse slice_use);

  std::uint64_t running() const;
  std::uint64_t waiting() const;

 private:
  struct IdHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view id) const { return std::hash<std::string_view>{}(id); }
  };

  const std::shared_ptr<ConcurrencyLimiter>& limiter_of(std::string_view id,
                                                        const ConcurrencyLimits& limits);
  bool has_room(const ConcurrencyLimiter& limiter) const;
  std::shared_ptr<Waiter> next_waiter();
  void forget_idle_limiters();

  const std::uint64_t max_running_;
  const std::uint64_t max_waiting_;

  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<ConcurrencyLimiter>, IdHash, std::equal_to<>>
      limiters_;                          // this and below: guarded by mutex_
  std::list<ConcurrencyLimiter*> turns_;  // limiters with waiting calls; the front is next
  std::uint64_t running_ = 0;
  std::uint64_t waiting_ = 0;
};

}  // namespace wasm_server

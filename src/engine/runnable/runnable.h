#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <utility>

#include "model/outcome.h"

namespace wasm_server {

// What a worker runs, whatever kind of guest it is: made, polled once per time slice until it has
// finished, asked for its result, released. It may move between threads between polls but is used
// by one at a time. Dropping it stops the guest, wherever it is.
//
// Deadline, cancelling and the state between polls are here; a kind has one virtual call per poll.
class Runnable {
 public:
  using Clock = std::chrono::steady_clock;

  enum class Progress : std::uint8_t {
    kFinished,   // take_result()
    kSliceUsed,  // wants to go on
    kWaiting,    // until wake_at() or until its sink has room
  };

  explicit Runnable(std::chrono::milliseconds timeout) : timeout_(timeout) {}
  virtual ~Runnable() = default;
  Runnable(const Runnable&) = delete;
  Runnable& operator=(const Runnable&) = delete;

  // Runs the guest for one slice. The first call starts the clock of the deadline.
  Progress poll();

  // When a waiting one must be polled again; never later than its deadline.
  Clock::time_point wake_at() const;
  // Whether one of its instructions may take long, because it has much memory to fill or copy,
  // which nothing interrupts. Such a call must not be polled on an event loop; it becomes one
  // between two polls, before it has the memory.
  bool is_heavy() const { return heavy_; }
  // Whether it waits for its sink to have room, and so for nothing but its deadline otherwise.
  bool waits_for_sink() const { return step_.kind == Step::Kind::kWaitsForSink; }

  // What a waiting one calls, from any thread, when it wants to be polled before wake_at(). Some
  // kinds never do.
  virtual void on_wake(const std::function<void()>& /*wake*/) {}

  // Once, after kFinished.
  ExecutionResult take_result() { return std::move(result_); }

  // Stops the guest if it still runs, and frees what it holds. After kFinished this takes longer
  // than a short call does, so the answer may go first. Destruction does it too.
  virtual void release() = 0;

  // The next poll finishes it with Cancelled. Safe from any thread.
  void cancel() { cancelled_.store(true, std::memory_order_relaxed); }

 protected:
  // What a slice came to.
  struct Step {
    enum class Kind : std::uint8_t {
      kFinished,
      kSliceUsed,
      kSleeps,
      kWaitsForMemory,  // before it has begun; not counted as run time
      kWaitsForSink,
    };
    Kind kind = Kind::kSliceUsed;
    Clock::time_point wake_at{};  // of one that sleeps or waits for memory
  };

  // Runs one slice, the first one too. With kFinished it has set the outcome.
  virtual Step step(Outcome& outcome) = 0;

  // The guest has finished or was stopped: what it has written, and how long it took to instantiate
  // it. `result.run` is the whole time since the first poll, of which that is a part.
  // `result.queued` is what it waited for memory.
  virtual void take_output(ExecutionResult& result) = 0;

  void set_heavy() { heavy_ = true; }

 private:
  Progress stop(Outcome outcome);
  Progress finish();
  void leave_out_wait(Clock::time_point now);

  const std::chrono::milliseconds timeout_;
  Clock::time_point started_{};
  Clock::time_point deadline_{};
  std::atomic<bool> cancelled_{false};
  bool heavy_ = false;
  Clock::time_point polled_at_{};  // the last time
  Step step_;
  ExecutionResult result_;
};

}  // namespace wasm_server

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "engine/runnable/runnable.h"
#include "worker/admission.h"
#include "worker/slice_watch.h"

namespace wasm_server {

class BackgroundPool;

// An execution that did not end on its worker at once: it waits to be let in, runs in the
// background pool, or sleeps there. It owns the call from then until its result. Safe from any
// thread, as far as said.
class GuestCall : public Waiter, public std::enable_shared_from_this<GuestCall> {
 public:
  using Clock = std::chrono::steady_clock;
  // Called once, on a pool thread or on the one that cancels.
  using Done = std::move_only_function<void(ExecutionResult)>;

  GuestCall(BackgroundPool& pool, Admission& admission, std::unique_ptr<Runnable> runnable)
      : pool_(pool), admission_(admission), runnable_(std::move(runnable)) {}

  // One of these three begins it. `limiter`: the call is in already.
  // `slice_use`: of the slice that it has run.
  void go_on(Admission::ConcurrencyLimiter& limiter, Runnable::Progress progress,
             SliceUse slice_use, Done done);
  void start(Admission::ConcurrencyLimiter& limiter, Done done);
  // False, and `done` is left alone, when the queue is full.
  bool start_or_wait(std::string_view id, const ConcurrencyLimits& limits, Done& done);

  // Ends it soon, with Cancelled, wherever it is. Safe from any thread, at any time.
  void cancel();

  // The output sink has room again. Safe from any thread, at any time.
  void resume();

 private:
  friend class BackgroundPool;
  using Sleepers = std::multimap<Clock::time_point, std::shared_ptr<GuestCall>>;
  enum class Place : std::uint8_t { kOutside, kReady, kRunning, kSleeping };

  void hear_wakes();
  void admitted() override;
  Runnable::Progress run_slice(SliceWatch::ThreadSlot& slot);
  void complete();

  BackgroundPool& pool_;
  Admission& admission_;
  const std::unique_ptr<Runnable> runnable_;
  Admission::ConcurrencyLimiter* limiter_ = nullptr;                // that it is in
  std::shared_ptr<Admission::ConcurrencyLimiter> waiting_limiter_;  // that it waits or waited at
  Done done_;
  Clock::time_point queued_at_{};
  std::chrono::nanoseconds queued_{0};
  SliceUse slice_use_ = SliceUse::kShort;  // by the thread that runs it, like the next two
  std::chrono::nanoseconds used_{0};
  bool broken_ = false;  // by an exception

  // Guarded by the pool's mutex.
  Place place_ = Place::kOutside;
  bool resumed_ = false;
  Sleepers::iterator sleeper_;
};

}  // namespace wasm_server

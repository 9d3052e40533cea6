#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "engine/invocation.h"
#include "worker/admission.h"
#include "worker/slice_watch.h"

namespace wasm_server {

class BackgroundPool;

// An execution that did not end on its worker at once: it waits to be let in, runs in the
// background pool, or sleeps there. It owns the call from then until its Outcome. Safe from any
// thread, as far as said.
class GuestCall : public Waiter, public std::enable_shared_from_this<GuestCall> {
 public:
  using Clock = std::chrono::steady_clock;
  // Called once, on a pool thread or on the one that cancels.
  using Done = std::move_only_function<void(Outcome)>;

  GuestCall(BackgroundPool& pool, Admission& admission, Invocation invocation)
      : pool_(pool), admission_(admission), invocation_(std::move(invocation)) {}

  // One of these three begins it. `gate`: the call is in already.
  // `pace`: of the slice that it has run.
  void go_on(Admission::Gate& gate, Invocation::Progress progress, Pace pace, Done done);
  void start(Admission::Gate& gate, Done done);
  // False, and `done` is left alone, when the queue is full.
  bool start_or_wait(std::string_view id, const GateLimits& limits, Done& done);

  // Ends it soon, with Cancelled, wherever it is. Safe from any thread, at any time.
  void cancel();

  // The output sink has room again. Safe from any thread, at any time.
  void resume();

 private:
  friend class BackgroundPool;
  using Sleepers = std::multimap<Clock::time_point, std::shared_ptr<GuestCall>>;
  enum class Place : std::uint8_t { kOutside, kReady, kRunning, kSleeping };

  void admitted() override;
  Invocation::Progress run_slice(SliceWatch::Seat& seat);
  void complete();

  BackgroundPool& pool_;
  Admission& admission_;
  Invocation invocation_;
  Admission::Gate* gate_ = nullptr;                // that it is in
  std::shared_ptr<Admission::Gate> waiting_gate_;  // that it waits or waited at
  Done done_;
  Clock::time_point queued_at_{};
  std::chrono::nanoseconds queued_{0};
  Pace pace_ = Pace::kShort;  // by the thread that runs it, like the next two
  std::chrono::nanoseconds used_{0};
  bool broken_ = false;  // by an exception

  // Guarded by the pool's mutex.
  Place place_ = Place::kOutside;
  bool resumed_ = false;
  Sleepers::iterator sleeper_;
};

}  // namespace wasm_server

#include "worker/guest_call.h"

#include <algorithm>
#include <exception>
#include <utility>

#include <spdlog/spdlog.h>

#include "base/cpu_time.h"
#include "worker/background_pool.h"

namespace wasm_server {

void GuestCall::go_on(Admission::Gate& gate, Invocation::Progress progress, Pace pace, Done done) {
  gate_ = &gate;
  done_ = std::move(done);
  pace_ = pace;
  pool_.take(shared_from_this(), progress);
}

void GuestCall::start(Admission::Gate& gate, Done done) {
  gate_ = &gate;
  done_ = std::move(done);
  pool_.take_new(shared_from_this());
}

bool GuestCall::start_or_wait(std::string_view id, const GateLimits& limits, Done& done) {
  queued_at_ = Clock::now();
  done_ = std::move(done);
  const auto self = shared_from_this();
  switch (admission_.enter_or_wait(id, limits, self, waiting_gate_)) {
    case Admission::Queued::kAdmitted:
      gate_ = waiting_gate_.get();
      pool_.take_new(shared_from_this());
      return true;
    case Admission::Queued::kWaiting:
      return true;
    case Admission::Queued::kRefused:
      break;
  }
  done = std::move(done_);
  return false;
}

void GuestCall::admitted() {
  gate_ = waiting_gate_.get();
  queued_ = Clock::now() - queued_at_;
  pool_.take_new(shared_from_this());
}

void GuestCall::cancel() {
  if (waiting_gate_ != nullptr && admission_.stop_waiting(*waiting_gate_, shared_from_this())) {
    Outcome outcome;
    outcome.ending = Cancelled{};
    done_(std::move(outcome));
    return;
  }
  invocation_.cancel();
  pool_.resume(*this);
}

void GuestCall::resume() { pool_.resume(*this); }

// The worker loop's edge: an exception here is a bug or a lost resource of ours and ends this call
// only.
Invocation::Progress GuestCall::run_slice(SliceWatch::Seat& seat) {
  auto progress = Invocation::Progress::kFinished;
  const auto before = thread_cpu_time();
  SliceWatch::Slice slice(seat);
  try {
    progress = invocation_.poll();
  } catch (const std::exception& error) {
    spdlog::error("a guest's slice failed: {}", error.what());
    broken_ = true;
  }
  auto pace = pace_of(progress, slice.end());
  used_ += thread_cpu_time() - before;
  if (pace == Pace::kLong && used_ < kFirstSliceInBackground) pace = Pace::kShort;
  if (invocation_.waits_for_sink()) used_ = {};
  pace_ = std::max(pace_, pace);
  return progress;
}

void GuestCall::complete() {
  auto outcome = invocation_.take_outcome();
  invocation_.release();  // before the next call is let in
  if (broken_) outcome.ending = Refused{{ErrorCode::kInternal, "the execution failed"}};
  outcome.queued = queued_;
  admission_.leave(*gate_, pace_);
  done_(std::move(outcome));
}

}  // namespace wasm_server

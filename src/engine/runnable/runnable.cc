#include "engine/runnable/runnable.h"

#include <algorithm>
#include <utility>

namespace wasm_server {

Runnable::Progress Runnable::poll() {
  if (step_.kind == Step::Kind::kFinished) return Progress::kFinished;
  if (cancelled_.load(std::memory_order_relaxed)) return stop(Cancelled{});
  const auto now = Clock::now();
  if (started_ == Clock::time_point{}) {
    started_ = now;
    deadline_ = started_ + timeout_;
  }
  if (step_.kind == Step::Kind::kWaitsForMemory) leave_out_wait(now);
  if (now >= deadline_) return stop(TimedOut{});
  polled_at_ = now;
  step_ = step(result_.outcome);
  if (step_.kind == Step::Kind::kFinished) return finish();
  return step_.kind == Step::Kind::kSliceUsed ? Progress::kSliceUsed : Progress::kWaiting;
}

void Runnable::leave_out_wait(Clock::time_point now) {
  const auto waited = now - polled_at_;
  started_ += waited;
  deadline_ += waited;
  result_.queued += waited;
}

Runnable::Progress Runnable::stop(Outcome outcome) {
  release();
  result_.outcome = std::move(outcome);
  step_.kind = Step::Kind::kFinished;
  return finish();
}

Runnable::Progress Runnable::finish() {
  if (started_ != Clock::time_point{}) result_.run = Clock::now() - started_;
  take_output(result_);
  return Progress::kFinished;
}

Runnable::Clock::time_point Runnable::wake_at() const {
  const bool has_time =
      step_.kind == Step::Kind::kSleeps || step_.kind == Step::Kind::kWaitsForMemory;
  return has_time ? std::min(deadline_, step_.wake_at) : deadline_;
}

}  // namespace wasm_server

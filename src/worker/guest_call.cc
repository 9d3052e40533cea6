#include "worker/guest_call.h"

#include <algorithm>
#include <exception>
#include <utility>

#include <spdlog/spdlog.h>

#include "base/cpu_time.h"
#include "worker/background_pool.h"

namespace wasm_server {

void GuestCall::go_on(Admission::ConcurrencyLimiter& limiter, Runnable::Progress progress,
                      SliceUse slice_use, Done done) {
  limiter_ = &limiter;
  done_ = std::move(done);
  slice_use_ = slice_use;
  hear_wakes();
  pool_.take(shared_from_this(), progress);
}

void GuestCall::start(Admission::ConcurrencyLimiter& limiter, Done done) {
  limiter_ = &limiter;
  done_ = std::move(done);
  hear_wakes();
  pool_.take_new(shared_from_this());
}

bool GuestCall::start_or_wait(std::string_view id, const ConcurrencyLimits& limits, Done& done) {
  queued_at_ = Clock::now();
  done_ = std::move(done);
  hear_wakes();
  const auto self = shared_from_this();
  switch (admission_.enter_or_wait(id, limits, self, waiting_limiter_)) {
    case Admission::Queued::kAdmitted:
      limiter_ = waiting_limiter_.get();
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

// Weak: what it waits for may come when the call is over.
void GuestCall::hear_wakes() {
  runnable_->on_wake([weak = weak_from_this()] {
    if (const auto call = weak.lock()) call->resume();
  });
}

void GuestCall::admitted() {
  limiter_ = waiting_limiter_.get();
  queued_ = Clock::now() - queued_at_;
  pool_.take_new(shared_from_this());
}

void GuestCall::cancel() {
  if (waiting_limiter_ != nullptr &&
      admission_.stop_waiting(*waiting_limiter_, shared_from_this())) {
    ExecutionResult result;
    result.outcome = Cancelled{};
    done_(std::move(result));
    return;
  }
  runnable_->cancel();
  pool_.resume(*this);
}

void GuestCall::resume() { pool_.resume(*this); }

// The worker loop's edge: an exception here is a bug or a lost resource of ours and ends this call
// only.
Runnable::Progress GuestCall::run_slice(SliceWatch::ThreadSlot& slot) {
  auto progress = Runnable::Progress::kFinished;
  const auto before = thread_cpu_time();
  SliceWatch::Slice slice(slot);
  try {
    progress = runnable_->poll();
  } catch (const std::exception& error) {
    spdlog::error("a guest's slice failed: {}", error.what());
    broken_ = true;
  }
  auto slice_use = slice_use_of(progress, slice.end());
  used_ += thread_cpu_time() - before;
  if (slice_use == SliceUse::kLong && used_ < kFirstSliceInBackground) slice_use = SliceUse::kShort;
  if (runnable_->waits_for_sink()) used_ = {};
  slice_use_ = std::max(slice_use_, slice_use);
  return progress;
}

void GuestCall::complete() {
  auto result = runnable_->take_result();
  runnable_->release();  // before the next call is let in
  if (broken_) result.outcome = Refused{{ErrorCode::kInternal, "the execution failed"}};
  result.queued += queued_;
  admission_.leave(*limiter_, slice_use_);
  done_(std::move(result));
}

}  // namespace wasm_server

#include "worker/execution.h"

#include <utility>

#include "base/cpu_time.h"

namespace wasm_server {
namespace {

// Filling a sink takes a guest that copies a tenth of that.
constexpr std::chrono::milliseconds kMaxForSink{1};

}  // namespace

Execution::Execution(Admission& admission, SliceWatch::ThreadSlot& slot, ExecutionSpec&& spec)
    : admission_(&admission),
      slot_(&slot),
      module_id_(spec.module_id),
      concurrency_limits_(spec.concurrency),
      runnable_(std::move(spec.runnable)) {}

Execution::~Execution() {
  if (limiter_ != nullptr) admission_->leave(*limiter_, SliceUse::kShort);
}

Execution::Execution(Execution&& other) noexcept
    : admission_(other.admission_),
      slot_(other.slot_),
      module_id_(other.module_id_),
      concurrency_limits_(other.concurrency_limits_),
      has_run_(other.has_run_),
      progress_(other.progress_),
      slice_use_(other.slice_use_),
      limiter_(std::exchange(other.limiter_, nullptr)),
      runnable_(std::move(other.runnable_)) {}

bool Execution::run_on_worker() {
  const auto ticket = admission_->try_enter(module_id_, concurrency_limits_);
  limiter_ = ticket.limiter;
  if (limiter_ == nullptr || ticket.slow) return false;
  has_run_ = true;
  // Slices are wall clock: the kernel may have run somebody else in this one. A short call that
  // went to the background for that would wait behind long ones, and so would its module's next.
  run_slice();
  if (slice_use_ == SliceUse::kLong && !runnable_->is_heavy()) run_slice();
  return leave_if_ended();
}

bool Execution::waits_for_sink() const {
  return limiter_ != nullptr && has_run_ && slice_use_ == SliceUse::kShort &&
         runnable_->waits_for_sink() && !runnable_->is_heavy();
}

// By CPU time: its slice went on while it waited, and is mostly used up before the guest has done
// anything.
bool Execution::go_on_on_worker() {
  const auto end = thread_cpu_time() + kMaxForSink;
  do {
    run_slice();
  } while (slice_use_ == SliceUse::kLong && !runnable_->is_heavy() && thread_cpu_time() < end);
  return leave_if_ended();
}

bool Execution::leave_if_ended() {
  if (progress_ != Runnable::Progress::kFinished) return false;
  admission_->leave(*std::exchange(limiter_, nullptr), slice_use_);
  return true;
}

void Execution::run_slice() {
  SliceWatch::Slice slice(*slot_);
  progress_ = runnable_->poll();
  slice_use_ = slice_use_of(progress_, slice.end());
}

}  // namespace wasm_server

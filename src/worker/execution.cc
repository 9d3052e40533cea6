#include "worker/execution.h"

#include <utility>

#include "base/cpu_time.h"

namespace wasm_server {
namespace {

// Filling a sink takes a guest that copies a tenth of that.
constexpr std::chrono::milliseconds kMostForSink{1};

}  // namespace

Execution::Execution(Admission& admission, SliceWatch::Seat& seat, ExecuteOrder&& order)
    : admission_(&admission),
      seat_(&seat),
      module_id_(order.module_id),
      gate_limits_(order.gate),
      invocation_(std::move(order.invocation)) {}

Execution::~Execution() {
  if (gate_ != nullptr) admission_->leave(*gate_, Pace::kShort);
}

Execution::Execution(Execution&& other) noexcept
    : admission_(other.admission_),
      seat_(other.seat_),
      module_id_(other.module_id_),
      gate_limits_(other.gate_limits_),
      has_run_(other.has_run_),
      progress_(other.progress_),
      pace_(other.pace_),
      gate_(std::exchange(other.gate_, nullptr)),
      invocation_(std::move(other.invocation_)) {}

bool Execution::run_on_worker() {
  const auto ticket = admission_->try_enter(module_id_, gate_limits_);
  gate_ = ticket.gate;
  if (gate_ == nullptr || ticket.slow) return false;
  has_run_ = true;
  // Slices are wall clock: the kernel may have run somebody else in this one. A short call that
  // went to the background for that would wait behind long ones, and so would its module's next.
  run_slice();
  if (pace_ == Pace::kLong) run_slice();
  return leave_if_ended();
}

bool Execution::waits_for_sink() const {
  return gate_ != nullptr && has_run_ && pace_ == Pace::kShort && invocation_.waits_for_sink();
}

// By CPU time: its slice went on while it waited, and is mostly used up before the guest has done
// anything.
bool Execution::go_on_on_worker() {
  const auto end = thread_cpu_time() + kMostForSink;
  do {
    run_slice();
  } while (pace_ == Pace::kLong && thread_cpu_time() < end);
  return leave_if_ended();
}

bool Execution::leave_if_ended() {
  if (progress_ != Invocation::Progress::kFinished) return false;
  admission_->leave(*std::exchange(gate_, nullptr), pace_);
  return true;
}

void Execution::run_slice() {
  SliceWatch::Slice slice(*seat_);
  progress_ = invocation_.poll();
  pace_ = pace_of(progress_, slice.end());
}

}  // namespace wasm_server

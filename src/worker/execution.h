#pragma once

#include <functional>
#include <string_view>
#include <utility>

#include "engine/invocation.h"
#include "worker/admission.h"

namespace wasm_server {

// One execution, as a handler orders it.
struct ExecuteOrder {
  std::string_view module_id;  // outlives the execution
  GateLimits gate;
  InvocationOrder invocation;
};

// For who waits for an execution that did not end at once. Both are called on the worker's loop.
struct ExecutionWaiter {
  // Called with what cancels the call; that may be called at any time after, also when the call is
  // over.
  std::move_only_function<void(std::function<void()> cancel)> on_wait;
  // Called with what must be called (from any thread) whenever the output sink has room again. May
  // be empty when there is no sink.
  std::move_only_function<void(std::function<void()> resume)> on_resumable;
};

// An execution from its order until it has ended or moved to the background. It holds its place at
// the module's gate. Used on one worker's loop.
class Execution {
 public:
  Execution(Admission& admission, ExecuteOrder&& order)
      : admission_(&admission),
        module_id_(order.module_id),
        gate_limits_(order.gate),
        has_sink_(order.invocation.sink != nullptr),
        invocation_(std::move(order.invocation)) {}
  ~Execution() {
    if (gate_ != nullptr) admission_->leave(*gate_, false);
  }
  Execution(Execution&& other) noexcept
      : admission_(other.admission_),
        module_id_(other.module_id_),
        gate_limits_(other.gate_limits_),
        has_sink_(other.has_sink_),
        has_run_(other.has_run_),
        progress_(other.progress_),
        gate_(std::exchange(other.gate_, nullptr)),
        invocation_(std::move(other.invocation_)) {}
  Execution& operator=(Execution&&) = delete;

  // Runs the first slice, if the call may run at once and on this thread. True: it has ended, and
  // take_outcome() may be called.
  bool run_first_slice() {
    const auto ticket = admission_->try_enter(module_id_, gate_limits_);
    gate_ = ticket.gate;
    // A call with a sink runs in the background from the start, because its reader is on this loop.
    if (gate_ == nullptr || ticket.slow || has_sink_) return false;
    has_run_ = true;
    progress_ = invocation_.poll();
    if (progress_ != Invocation::Progress::kFinished) return false;
    admission_->leave(*std::exchange(gate_, nullptr), false);
    return true;
  }

  Outcome take_outcome() { return invocation_.take_outcome(); }

  // What the background needs to go on.
  std::string_view module_id() const { return module_id_; }
  const GateLimits& gate_limits() const { return gate_limits_; }
  bool has_run() const { return has_run_; }
  Invocation::Progress progress() const { return progress_; }
  Admission::Gate* release_gate() { return std::exchange(gate_, nullptr); }  // null: not in
  Invocation take_invocation() { return std::move(invocation_); }

 private:
  Admission* admission_;
  std::string_view module_id_;
  GateLimits gate_limits_;
  bool has_sink_;
  bool has_run_ = false;
  Invocation::Progress progress_ = Invocation::Progress::kSliceUsed;
  Admission::Gate* gate_ = nullptr;
  Invocation invocation_;
};

}  // namespace wasm_server

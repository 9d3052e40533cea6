#pragma once

// What one call takes of memory: within its limits, which the engine counts, and of the process's
// budget. For the engine folder only.

#include <chrono>
#include <cstdint>

#include "base/memory_budget.h"
#include "engine/engine_sys.h"
#include "engine/runnable/call_spec.h"

namespace wasm_server {

class CallMemory {
 public:
  using Clock = std::chrono::steady_clock;

  // `instances`: of modules, that the call may have. `budget` may be null: nothing is counted.
  CallMemory(const CallLimits& limits, std::uint64_t instances, MemoryBudget* budget);
  CallMemory(const CallMemory&) = delete;
  CallMemory& operator=(const CallMemory&) = delete;

  // The engine's, for as long as the call lives.
  engine_sys_limits_t* limits() { return &limits_; }
  const engine_sys_limits_t* limits() const { return &limits_; }

  bool is_heavy() const { return limits_.is_heavy; }
  // Whether the call was left because there is no memory now. Then it is asked again at wait().
  bool is_waiting() const { return limits_.is_waiting; }
  Clock::time_point wait();

  // The call is gone.
  void release() { share_.release(); }

 private:
  bool take(std::uint64_t bytes);

  engine_sys_limits_t limits_{};
  MemoryShare share_;                   // of the guest's memories and tables
  std::chrono::milliseconds pause_{0};  // while it waits for them
  Clock::time_point give_up_at_{};
};

}  // namespace wasm_server

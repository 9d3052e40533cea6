#include "engine/runnable/call_memory.h"

#include <algorithm>

namespace wasm_server {

namespace {

// To fill so much, or to touch all of it for the first time, takes about two milliseconds.
constexpr std::uint64_t kLightBytes = 8U << 20;
// Calls that have more leave this part of the budget to others.
constexpr std::uint64_t kPartForOthers = 8;

// How long a call waits for memory to begin with, and how long between two attempts.
constexpr std::chrono::milliseconds kMaxMemoryWait{1000};
constexpr std::chrono::milliseconds kFirstPause{5};
constexpr std::chrono::milliseconds kMaxPause{100};

}  // namespace

CallMemory::CallMemory(const CallLimits& limits, std::uint64_t instances, MemoryBudget* budget)
    : share_(budget) {
  limits_.memory_bytes = limits.memory_bytes;
  limits_.table_elements = kMaxTableElements;
  limits_.instances = instances;
  limits_.light_bytes = kLightBytes;
  limits_.may_wait = true;
  limits_.budget = this;
  limits_.take = [](void* memory, std::uint64_t bytes) {
    return static_cast<CallMemory*>(memory)->take(bytes);
  };
}

bool CallMemory::take(std::uint64_t bytes) {
  const bool is_light = share_.bytes() + bytes <= kLightBytes;
  const auto* budget = share_.budget();
  const auto left = is_light || budget == nullptr ? 0 : budget->limit() / kPartForOthers;
  return share_.take(bytes, left);
}

CallMemory::Clock::time_point CallMemory::wait() {
  const auto now = Clock::now();
  if (pause_.count() == 0) give_up_at_ = now + kMaxMemoryWait;
  pause_ = pause_.count() == 0 ? kFirstPause : std::min(2 * pause_, kMaxPause);
  limits_.may_wait = now < give_up_at_;
  return now + pause_;
}

}  // namespace wasm_server

#pragma once

#include <atomic>
#include <chrono>

#include "base/clock.h"

namespace wasm_server {

// Stands still until it is moved. Safe from any thread.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(TimePoint start) : since_epoch_(start.time_since_epoch()) {}

  TimePoint now() const override { return TimePoint{since_epoch_.load()}; }
  void advance(std::chrono::system_clock::duration by) { since_epoch_ = since_epoch_.load() + by; }

 private:
  std::atomic<std::chrono::system_clock::duration> since_epoch_;
};

}  // namespace wasm_server

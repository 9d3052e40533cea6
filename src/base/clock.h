#pragma once

#include <chrono>

namespace wasm_server {

// The wall clock as the rest of the server sees it, so that tests can move it by hand
// (testing/manual_clock.h): what is kept for days can't be tested otherwise. Durations within a
// request are measured with std::chrono::steady_clock and don't need it. Safe from any thread.
class Clock {
 public:
  using TimePoint = std::chrono::system_clock::time_point;

  virtual ~Clock() = default;
  virtual TimePoint now() const = 0;
};

class SystemClock final : public Clock {
 public:
  TimePoint now() const override { return std::chrono::system_clock::now(); }
};

}  // namespace wasm_server

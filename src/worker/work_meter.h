#pragma once

#include <algorithm>
#include <chrono>

#include "base/cpu_time.h"

namespace wasm_server {

// How long the longest single piece of work on an event loop was, which is what everything else on
// that loop waits for. In CPU time of its thread, so that a busy machine does not show. Off, it
// measures nothing: reading that clock takes as long as a good part of a short request. For one
// thread.
class WorkMeter {
 public:
  explicit WorkMeter(bool on) : on_(on) {}

  bool is_on() const { return on_; }

  template <class Work>
  auto measure(Work work) {
    if (!on_) return work();
    const auto before = thread_cpu_time();
    auto result = work();
    longest_ = std::max(longest_, thread_cpu_time() - before);
    return result;
  }

  std::chrono::nanoseconds longest() const { return longest_; }

 private:
  bool on_;
  std::chrono::nanoseconds longest_{0};
};

}  // namespace wasm_server

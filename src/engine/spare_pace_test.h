#pragma once

// For tests of what makes threads rest.

#include <sys/resource.h>

#include <atomic>
#include <chrono>

#include "base/cpu_time.h"

namespace wasm_server {

// How often the calling thread slept.
inline long sleeps() {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nvcsw;
}

// Computes; gives how often that was interrupted by a sleep.
inline long sleeps_in(std::chrono::milliseconds cpu) {
  static std::atomic<int> something{0};
  const auto before = sleeps();
  const auto end = thread_cpu_time() + cpu;
  while (thread_cpu_time() < end) something.fetch_add(1);
  return sleeps() - before;
}

}  // namespace wasm_server

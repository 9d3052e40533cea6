#pragma once

// For tests of what makes threads rest.

#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <ctime>

namespace wasm_server {

inline std::chrono::nanoseconds computed() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

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
  const auto end = computed() + cpu;
  while (computed() < end) something.fetch_add(1);
  return sleeps() - before;
}

}  // namespace wasm_server

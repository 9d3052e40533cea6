#pragma once

#include <chrono>
#include <ctime>

namespace wasm_server {

// Reads a clock of CPU time. This is a system call: not for the path of every request.
inline std::chrono::nanoseconds cpu_time(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
}

// Of the calling thread.
inline std::chrono::nanoseconds thread_cpu_time() { return cpu_time(CLOCK_THREAD_CPUTIME_ID); }

}  // namespace wasm_server

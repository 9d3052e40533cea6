#pragma once

#include <chrono>
#include <ctime>

namespace wasm_server {

// What a clock of CPU time shows. A system call: for what is rare or long.
inline std::chrono::nanoseconds cpu_time(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
}

// Of the calling thread.
inline std::chrono::nanoseconds thread_cpu_time() { return cpu_time(CLOCK_THREAD_CPUTIME_ID); }

}  // namespace wasm_server

#pragma once

#include <chrono>
#include <ctime>

namespace wasm_server {

// CPU time of the calling thread. A system call: for what is rare or long.
inline std::chrono::nanoseconds thread_cpu_time() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
}

}  // namespace wasm_server

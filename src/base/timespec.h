#pragma once

#include <chrono>
#include <ctime>

namespace wasm_server {

// `timespec` for a non-negative duration.
inline timespec timespec_of(std::chrono::nanoseconds time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  return {.tv_sec = seconds.count(), .tv_nsec = (time - seconds).count()};
}

}  // namespace wasm_server

#pragma once

// For the tests of calls of guests.

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <variant>

#include "engine/invocation.h"

namespace wasm_server {

// Polls to the end as a worker and the pool do together.
inline Outcome run(InvocationOrder order) {
  Invocation invocation(std::move(order));
  while (true) {
    const auto progress = invocation.poll();
    if (progress == Invocation::Progress::kFinished) return invocation.take_outcome();
    if (progress == Invocation::Progress::kWaiting) {
      std::this_thread::sleep_until(
          std::min(invocation.wake_at(), Invocation::Clock::now() + std::chrono::milliseconds(5)));
    }
  }
}

template <class T>
T run_to(InvocationOrder order) {
  auto outcome = run(std::move(order));
  auto* ending = std::get_if<T>(&outcome.ending);
  if (ending == nullptr) {
    throw std::runtime_error("another ending, number " + std::to_string(outcome.ending.index()));
  }
  return std::move(*ending);
}

}  // namespace wasm_server

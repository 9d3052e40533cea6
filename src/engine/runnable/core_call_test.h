#pragma once

// For the tests of calls of guests.

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <variant>

#include "testing/engine_fixture.h"

namespace wasm_server {

// Polls to the end as a worker and the pool do together.
inline ExecutionResult run(testing_engine::TestCall call) {
  const auto running = make_runnable(std::move(call));
  while (true) {
    const auto progress = running->poll();
    if (progress == Runnable::Progress::kFinished) return running->take_result();
    if (progress == Runnable::Progress::kWaiting) {
      std::this_thread::sleep_until(
          std::min(running->wake_at(), Runnable::Clock::now() + std::chrono::milliseconds(5)));
    }
  }
}

template <class T>
T run_to(testing_engine::TestCall call) {
  auto outcome = run(std::move(call)).outcome;
  auto* wanted = std::get_if<T>(&outcome);
  if (wanted == nullptr) {
    throw std::runtime_error("another outcome, number " + std::to_string(outcome.index()));
  }
  return std::move(*wanted);
}

}  // namespace wasm_server

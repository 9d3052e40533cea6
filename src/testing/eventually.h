#pragma once

#include <chrono>
#include <thread>

namespace wasm_server {

// Whether `condition` comes true, which is waited for; a failure must not hang the tests.
template <class Condition>
bool eventually(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace wasm_server

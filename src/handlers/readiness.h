#pragma once

#include <atomic>

namespace wasm_server {

// Whether the server takes traffic: not while it starts or drains. Safe from any thread.
class Readiness {
 public:
  bool ready() const { return ready_.load(std::memory_order_relaxed); }
  void set(bool ready) { ready_.store(ready, std::memory_order_relaxed); }

 private:
  std::atomic<bool> ready_{false};
};

}  // namespace wasm_server

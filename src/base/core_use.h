#pragma once

#include <atomic>

namespace wasm_server {

// Held while a thread or process of this server computes at a lower priority than the event loops.
// Those must not offer it their cores in spare time: it keeps what it is given, and who offered a
// core still waits for it and does not wake. Safe from any thread.
class CoreUse {
 public:
  CoreUse() { count().fetch_add(1, std::memory_order_relaxed); }
  ~CoreUse() { count().fetch_sub(1, std::memory_order_relaxed); }
  CoreUse(const CoreUse&) = delete;
  CoreUse& operator=(const CoreUse&) = delete;

  // Whether any is held in this process.
  static bool any() { return count().load(std::memory_order_relaxed) > 0; }

 private:
  static std::atomic<int>& count() {
    static std::atomic<int> value{0};
    return value;
  }
};

}  // namespace wasm_server

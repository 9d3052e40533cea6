#pragma once

#include <atomic>
#include <functional>

#include "engine/engine_threads.h"

namespace wasm_server {

// Threads for large computations that nobody waits for, or not as much as others wait for a core:
// they run when no other thread wants to (base/thread_priority.h), and rest while calls are served
// (spare_pace.h). Safe from any thread.
class SpareThreads {
 public:
  explicit SpareThreads(unsigned threads);

  // As EngineThreads do. `work` takes no lock that others take.
  void run(const std::function<void()>& work) const;
  void on_each(void (*work)()) const { threads_.on_each(work); }

  // Whether there is work.
  bool are_busy() const { return running_.load(std::memory_order_relaxed) != 0; }

 private:
  EngineThreads threads_;
  mutable std::atomic<unsigned> running_{0};
};

}  // namespace wasm_server

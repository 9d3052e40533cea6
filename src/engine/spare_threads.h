#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "engine/handles.h"

namespace wasm_server {

// Threads for large computations that nobody waits for, or not as much as others wait for a core:
// they run when no other thread wants to (base/thread_priority.h), and rest while calls are served
// (spare_pace.h). What the engine divides (a compilation, a validation) is divided among them. Safe
// from any thread.
class SpareThreads {
 public:
  explicit SpareThreads(unsigned threads);

  // Calls `work` on one of them, and returns when it has ended; what it throws is thrown here. It
  // takes no lock that others take. If there are no threads to be had, it runs on the caller's.
  void run(const std::function<void()>& work) const;
  // Has `work` done once on each, soon.
  void on_each(void (*work)()) const;

  // Whether there is work.
  bool are_busy() const { return running_.load(std::memory_order_relaxed) != 0; }

 private:
  std::unique_ptr<engine_sys_threads_t, HandleDeleter<engine_sys_threads_delete>> threads_;
  mutable std::atomic<unsigned> running_{0};
};

}  // namespace wasm_server

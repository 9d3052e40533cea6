#pragma once

#include <functional>
#include <memory>

#include "engine/handles.h"

namespace wasm_server {

// Threads among which the engine divides what it is called for on one of them: the functions of a
// module that is compiled or validated. Safe from any thread.
class EngineThreads {
 public:
  // `name`: of each thread, of static storage. `begin` is called on each first.
  EngineThreads(const char* name, unsigned threads, void (*begin)());

  // Calls `work` on one of them, and returns when it has ended; what it throws is thrown here. If
  // there are no threads to be had, it runs on the caller's.
  void run(const std::function<void()>& work) const;
  // Has `work` done once on each, soon.
  void on_each(void (*work)()) const;

 private:
  std::unique_ptr<engine_sys_threads_t, HandleDeleter<engine_sys_threads_delete>> threads_;
};

}  // namespace wasm_server

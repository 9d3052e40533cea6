#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "compile/worker/worker_slot.h"
#include "engine/inspect/inspect.h"

namespace wasm_server {

struct InspectorSettings {
  unsigned workers = 1;
  std::uint64_t memory_bytes = 2ULL << 30;  // for one module
  WorkerLimits limits{};                    // for one module
  ModuleBounds bounds{};
  std::string worker_command = std::string(kCompileWorkerCommand);
};

// inspect() (engine/inspect/inspect.h) by compile workers: what a module takes to be validated, or
// does to the validator, is no matter of this process. They start when they are needed first. Safe
// from any thread, but each worker ends with the thread that it was started by.
class CodeInspector {
 public:
  explicit CodeInspector(const InspectorSettings& settings);
  CodeInspector(const CodeInspector&) = delete;
  CodeInspector& operator=(const CodeInspector&) = delete;

  // Waits for a worker, and for its report. kInvalidModule also when the module took too much;
  // kOverloaded after stop(); kInternal when there is no worker to be had.
  Result<InspectedModule> inspect(ByteView wasm);

  // For good: whoever waits is answered now.
  void stop();

 private:
  WorkerSlot* take();
  void release(WorkerSlot* slot);

  std::vector<std::unique_ptr<WorkerSlot>> slots_;

  std::mutex mutex_;
  std::condition_variable released_;
  std::vector<WorkerSlot*> free_;  // guarded by mutex_; the one used last is at the end
  bool stopped_ = false;           // guarded by mutex_
};

}  // namespace wasm_server

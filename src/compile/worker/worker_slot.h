#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <variant>

#include "base/bytes.h"
#include "base/result.h"
#include "compile/worker/worker_process.h"

namespace wasm_server {

// What one task of a worker may take.
struct WorkerLimits {
  std::chrono::milliseconds cpu{300'000};
  std::chrono::milliseconds idle{30'000};  // without using any CPU time: it hangs
};

// The place of one worker: there is a process in it whenever one is needed, and a new one after
// each that ended. Belongs to one thread at a time; stop() may come from any.
class WorkerSlot {
 public:
  WorkerSlot(WorkerSetup setup, WorkerLimits limits,
             std::string command = std::string(kCompileWorkerCommand))
      : setup_(setup), limits_(limits), command_(std::move(command)) {}
  WorkerSlot(const WorkerSlot&) = delete;
  WorkerSlot& operator=(const WorkerSlot&) = delete;

  // Sees to it that a process is there, ahead of the next task. Whether it is; not for a while
  // after one that ended soon after its start.
  bool prepare_ahead();

  struct Stopped {};
  // An artefact or report; or why there is none: the worker's reason, or kMemoryLimit or
  // kInvalidModule for what compiling took or did to the worker (each in words for a client), or
  // kInternal when there is no worker to be had. What a worker was killed for by somebody else is
  // tried once more.
  using End = std::variant<SealedMemory, Error, Stopped>;
  // `go_on` as WorkerProcess::Watch: false stops it.
  End run(ByteView code, const WorkerProcess::Watch& go_on);

  // What runs, if anything does, ends with Stopped at once.
  void stop();

  // Of the process that is there: its id, 0 without; and what is readable when prepare_ahead() has
  // to look after it, -1 without.
  pid_t pid() const { return process_ == nullptr ? 0 : process_->pid(); }
  int socket() const { return process_ == nullptr ? -1 : process_->socket(); }

 private:
  bool prepare();
  WorkerProcess::Answer try_twice(const SealedMemory& code, const WorkerProcess::Watch& limited,
                                  const WorkerProcess::Watch& go_on);
  WorkerProcess::Answer try_once(const SealedMemory& code, const WorkerProcess::Watch& limited,
                                 const WorkerProcess::Watch& go_on);
  Error error_of(WorkerEnd end, const std::string& work) const;
  void put(std::unique_ptr<WorkerProcess> process);

  const WorkerSetup setup_;
  const WorkerLimits limits_;
  const std::string command_;
  std::chrono::steady_clock::time_point started_{};  // of the process

  std::mutex mutex_;                        // of changes to process_, which stop() reads
  std::unique_ptr<WorkerProcess> process_;  // null or one that may have ended
};

}  // namespace wasm_server

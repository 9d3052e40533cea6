#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "base/descriptor.h"
#include "base/result.h"
#include "compile/worker/protocol.h"
#include "compile/worker/sealed_memory.h"
#include "compile/worker/worker_main.h"

namespace wasm_server {

// How a task ended that got no answer. The process has ended too, then.
enum class WorkerEnd : std::uint8_t {
  kOutOfMemory,  // it took more than it was allowed
  kStopped,      // by kill(), or because the watch said so
  kKilled,       // with SIGKILL, and not by us: by the system, or by a person
  kCrashed,      // itself, whatever the reason
  kNonsense,     // it sent what is no answer, and was killed
};

// The server's end of a compile worker: a child process, which is killed when this object goes, or
// the thread that started it. One thread at a time; kill() may come from any.
class WorkerProcess {
 public:
  // Does not wait until the process is ready. kInternal when the system has no process or
  // descriptor for it.
  // `command`: what the program does as one (compile/worker/worker_main.h); tests have others.
  static Result<std::unique_ptr<WorkerProcess>> start(
      WorkerSetup setup, std::string command = std::string(kCompileWorkerCommand));
  ~WorkerProcess();
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  // An artefact or a report; or the worker's word that there is none, and why; or no word.
  using Answer = std::variant<SealedMemory, Error, WorkerEnd>;
  // Asked every 10 ms with the CPU time that the process has used for the task so far; false ends
  // the process.
  using Watch = std::function<bool(std::chrono::nanoseconds cpu)>;

  // Waits until it takes tasks; not for the first task, because what it does until then is not for
  // that. How it ended if it never will.
  std::optional<WorkerEnd> wait_until_ready(const Watch& watch);

  // Has the worker do its work on `code`, and waits for that. Once it is ready.
  Answer run(const SealedMemory& code, const Watch& watch);

  // Whatever it does now, or next, ends with kStopped.
  void kill();
  // Whether there is a process for the next task. Not during one.
  bool is_alive();

  // Readable, while there is no task, when is_alive() may have changed.
  int socket() const { return socket_.get(); }
  pid_t pid() const { return pid_; }

 private:
  WorkerProcess(pid_t pid, Descriptor socket, std::uint64_t max_answer);

  bool wait_for_message(const Watch& watch);
  bool read_ready();
  Answer read_answer();
  WorkerEnd end();
  WorkerEnd how_it_ended();
  std::chrono::nanoseconds cpu_used() const;
  int reap();

  const pid_t pid_;
  const Descriptor socket_;
  const std::uint64_t max_answer_;
  bool ready_ = false;                       // the process has said so
  bool forced_ = false;                      // it did not end by itself after its last word
  std::chrono::nanoseconds cpu_at_begin_{};  // of the task that runs

  std::mutex mutex_;
  bool killed_ = false;  // guarded by mutex_: by us
  bool reaped_ = false;  // guarded by mutex_: the process id may be another one's
};

}  // namespace wasm_server

#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/descriptor.h"
#include "base/digest.h"
#include "base/result.h"
#include "compile/task_queue.h"
#include "compile/worker/worker_slot.h"

namespace wasm_server {

struct CompilerSettings {
  unsigned threads = 1;                           // cores that compiling may use
  std::size_t queue = 1024;                       // modules that wait
  std::uint64_t queue_bytes = 256U << 20;         // code of those
  std::uint64_t memory_bytes = 2ULL << 30;        // of one compilation
  WorkerLimits limits{};                          // of one compilation
  std::size_t max_wasm_stack_bytes = 512U << 10;  // the engine's
  bool start_ahead = true;                        // workers are there before the first task
  std::string worker_command = std::string(kCompileWorkerCommand);
};

// Compile workers and the tasks that wait for them. Each class has workers of its own, and a thread
// here for each worker, so that none waits for another one's:
//
//   small      one per thread of the settings, eight at most
//   baseline   one, which divides a module among the threads
//   optimised  one for every four threads, at least one; each divides a module among up to four
//
// A small task that turns out not to be small, and another that has taken long (its `undisturbed`)
// when a shorter one waits, is stopped, and its owner told.
//
// Tasks ahead of need wait until none has come for 100 ms: where modules are being stored, the
// cores have better things to do. Should that never be, they take a twentieth of a worker's time.
// Safe from any thread.
class CompileScheduler {
 public:
  struct Overdue {
    std::chrono::nanoseconds cpu;  // that it took so far
  };
  // An artefact; or why there is none; or that it was stopped and is to be asked for anew.
  using End = std::variant<SealedMemory, Error, Overdue>;

  // What a task needs and where its end goes; both are called on the worker's own thread here,
  // without a lock.
  struct Owner {
    std::function<Result<SharedBytes>(const Digest&)> load;
    std::function<void(const CompileTask&, End)> ended;
  };

  CompileScheduler(const CompilerSettings& settings, Owner owner);
  ~CompileScheduler() { stop(); }
  CompileScheduler(const CompileScheduler&) = delete;
  CompileScheduler& operator=(const CompileScheduler&) = delete;

  // Kills what runs, forgets what waits, and waits until no owner is called any more. Until then an
  // owner may still use it.
  void stop();

  void push(const CompileTask& task);
  // A task ahead of need has come, whether it is pushed or there is no room for it.
  void saw_ahead();
  // Whether it waits or runs.
  bool has(const Digest& digest, TaskClass task_class) const;
  // Takes it back if it still waits; whether it did.
  bool withdraw(const Digest& digest, TaskClass task_class);
  // How tasks of a class ended since the start, and how many run.
  struct ClassFigures {
    std::uint64_t made = 0;
    std::uint64_t failed = 0;
    std::uint64_t stopped = 0;  // for a shorter one, or because it is not wanted any more
    std::uint64_t running = 0;
  };
  ClassFigures figures(TaskClass task_class) const;

  // Takes back and kills whatever there is of it; its owner is not told.
  void cancel(const Digest& digest);

 private:
  struct Worker {
    Worker(TaskClass task_class_in, const CompilerSettings& settings);

    const TaskClass task_class;
    WorkerSlot slot;
    Descriptor wake;                // an eventfd: look at the queue
    std::optional<Digest> running;  // this and below: guarded by the scheduler's mutex
    bool idle = false;
    bool resting = false;                         // idle, and will look at the queue by itself
    CompileTask::Clock::time_point rest_until{};  // before it does anything ahead of need
    bool cancelled = false;                       // what runs
    std::thread thread;
  };

  TaskQueue& queue(TaskClass task_class) { return queues_[static_cast<std::size_t>(task_class)]; }
  const TaskQueue& queue(TaskClass task_class) const {
    return queues_[static_cast<std::size_t>(task_class)];
  }
  void add_workers(TaskClass task_class, unsigned count);
  void run(Worker& worker);
  CompileTask::Clock::time_point ahead_from(const Worker& worker) const;
  void wait_for_task(Worker& worker, std::unique_lock<std::mutex>& lock);
  void work_on(Worker& worker, const CompileTask& task);
  void count(TaskClass task_class, const WorkerSlot::End& ended, bool told);
  bool may_go_on(const Worker& worker, const CompileTask& task, std::chrono::nanoseconds cpu) const;
  static void wake(const Worker& worker);

  const CompilerSettings settings_;
  const Owner owner_;

  mutable std::mutex mutex_;
  bool stopping_ = false;                             // guarded by mutex_
  std::array<TaskQueue, kTaskClasses> queues_;        // guarded by mutex_
  CompileTask::Clock::time_point last_ahead_{};       // when such a task came; guarded by mutex_
  std::array<ClassFigures, kTaskClasses> figures_{};  // guarded by mutex_
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace wasm_server

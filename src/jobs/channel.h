#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "base/result.h"
#include "base/task.h"
#include "jobs/wasm_job.h"
#include "model/quota.h"

namespace wasm_server {

// A job and the one who waits for it. `done` is called exactly once, by the runner, after the
// commit.
struct PendingJob {
  WasmJob job;
  std::move_only_function<void(Result<JobResult>)> done;
  // That the job is refused beyond, with kStorageFull. No part of the job: one of a log was within.
  std::optional<PrefixQuota> quota{};
};

// The only way to the runner: bounded by number of jobs and by their bytes, many senders, one
// receiver that takes the whole backlog at once by swapping two vectors. Model: workerd's
// util/batch-queue.h.
class JobChannel {
 public:
  struct Capacity {
    std::size_t jobs = 4096;
    std::size_t bytes = 512U << 20;  // one job is always taken, however large
  };

  // The sending end. Safe from any thread.
  class Tx {
   public:
    explicit Tx(JobChannel& channel) : channel_(channel) {}

    // Fails with kOverloaded, at once and with nothing done, when the channel is full or closed;
    // `done` is then not called.
    Result<void> try_send(PendingJob job);

    // Sends and resumes on the caller's event loop when the job is committed or has failed; never
    // before it returns to that loop. The channel must outlive the task, this object need not.
    Task<Result<JobResult>> submit(WasmJob job, std::optional<PrefixQuota> quota = {});

   private:
    JobChannel& channel_;
  };

  // The receiving end. Owned by the runner thread.
  class Rx {
   public:
    explicit Rx(JobChannel& channel) : channel_(channel) {}

    // Waits for jobs and takes all of them, oldest first, into `batch` (cleared first). False when
    // the channel is closed and drained.
    bool receive(std::vector<PendingJob>& batch);

   private:
    JobChannel& channel_;
  };

  explicit JobChannel(Capacity capacity) : capacity_(capacity) {}
  JobChannel(const JobChannel&) = delete;
  JobChannel& operator=(const JobChannel&) = delete;

  Tx tx() { return Tx{*this}; }
  Rx rx() { return Rx{*this}; }

  struct Load {
    std::size_t jobs;
    std::size_t bytes;
  };
  // What waits for the receiver.
  Load load();

  // No more jobs are taken; what is queued is still received.
  void close();

 private:
  Result<void> push(PendingJob& pending);  // moved from only on success
  bool take(std::vector<PendingJob>& batch);
  static Task<Result<JobResult>> submit(JobChannel& channel, WasmJob job,
                                        std::optional<PrefixQuota> quota);

  const Capacity capacity_;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::vector<PendingJob> queue_;  // guarded by mutex_
  std::size_t bytes_ = 0;          // guarded by mutex_
  bool closed_ = false;            // guarded by mutex_
};

}  // namespace wasm_server

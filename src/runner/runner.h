#pragma once

#include <functional>
#include <span>
#include <thread>
#include <vector>

#include "base/result.h"
#include "jobs/channel.h"
#include "jobs/job_log.h"
#include "jobs/wasm_job.h"
#include "metrics/cells.h"
#include "runner/quota_usage.h"
#include "store/kv.h"

namespace wasm_server {

// The only writer: takes the whole backlog of the channel, applies it as one batch, appends the
// jobs that succeed to the log as one entry, commits, and then answers each job. A job that fails,
// fails alone; when the commit fails, every job that had succeeded is answered with that failure,
// unless it is for lack of room: then the jobs are tried one by one, since smaller ones may still
// fit. A crash before the commit leaves nothing of the batch, and nobody was told otherwise. Has a
// thread of its own; start(), stop() and the constructor are for one other thread.
class Runner {
 public:
  // Called on the runner thread for every job that was done, after the commit and before its
  // answer, in order: all that follows from a change hangs on it, whoever asked for the change.
  // Must not throw and must not wait.
  using OnCommit = std::function<void(const WasmJob&, const JobResult&)>;

  // `store`, `log` and the channel must outlive this.
  Runner(Store& store, JobLog& log, JobChannel::Rx rx)
      : store_(store), log_(log), rx_(rx), quotas_(store) {}
  ~Runner() { stop(); }
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  // Before start().
  void on_commit(OnCommit hook) { on_commit_ = std::move(hook); }

  void start();

  // After the channel was closed: waits until what it held is committed and answered.
  void stop();

  // Of batches that were committed. Safe from any thread.
  Durations commit_times() const { return commit_times_.read(); }

 private:
  using Results = std::vector<Result<JobResult>>;

  void run();
  void process();
  void write_batch();
  bool write_together();
  void write_one_by_one();
  Result<JobResult> write_alone(const PendingJob& pending);
  Result<JobResult> apply_within_quota(Batch& batch, const PendingJob& pending);
  Result<void> commit(Batch& batch, std::span<const WasmJob* const> done);
  void answer();

  Store& store_;
  JobLog& log_;
  JobChannel::Rx rx_;
  OnCommit on_commit_;
  std::thread thread_;

  DurationHistogram commit_times_;

  // Owned by the runner thread, as all below.
  QuotaUsage quotas_;
  // Kept for their capacity.
  std::vector<PendingJob> batch_;
  Results results_;                   // of batch_, in its order
  std::vector<const WasmJob*> done_;  // those that go to the log
};

}  // namespace wasm_server

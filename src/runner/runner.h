#pragma once

#include <functional>
#include <thread>
#include <vector>

#include "base/result.h"
#include "jobs/channel.h"
#include "jobs/wasm_job.h"
#include "store/store.h"

namespace wasm_server {

// The only writer: takes the whole backlog of the channel as a batch, applies it in one
// transaction, commits, and then answers each job. A job that fails, fails alone; when the commit
// fails, every job that had succeeded is answered with that failure, unless it is for lack of room:
// then the jobs are tried one by one, since smaller ones may still fit. A crash before the commit
// leaves nothing of the batch, and nobody was told otherwise. Has a thread of its own; start(),
// stop() and the constructor are for one other thread.
class Runner {
 public:
  // Called on the runner thread for every job that was done, after the commit and before its
  // answer, in order. Must not throw and must not wait.
  using OnCommit = std::function<void(const JobResult&, JobType)>;

  // `store` and the channel must outlive this.
  Runner(Store& store, JobChannel::Rx rx) : store_(store), rx_(rx) {}
  ~Runner() { stop(); }
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  // Before start().
  void on_commit(OnCommit hook) { on_commit_ = std::move(hook); }

  void start();

  // After the channel was closed: waits until what it held is committed and answered.
  void stop();

 private:
  using Results = std::vector<Result<JobResult>>;

  void run();
  void process();
  void write_batch();
  bool write_together();
  void write_one_by_one();
  void answer();

  Store& store_;
  JobChannel::Rx rx_;
  OnCommit on_commit_;
  std::thread thread_;

  // Owned by the runner thread; kept for their capacity.
  std::vector<PendingJob> batch_;
  Results results_;  // of batch_, in its order
};

}  // namespace wasm_server

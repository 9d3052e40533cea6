#pragma once

#include <cstddef>
#include <thread>
#include <utility>

#include "base/task.h"
#include "metrics/cells.h"
#include "worker/admission.h"
#include "worker/background_pool.h"
#include "worker/execution.h"
#include "worker/idle_polling.h"
#include "worker/slice_watch.h"
#include "worker/work_meter.h"

namespace wasm_server {

// One per core: an event loop with the sessions dealt to it, and the place where their guests run.
// A short call runs here from start to end, between reading the request and writing the answer, and
// touches no other thread. The pool delivers results to the loop, so its threads must have ended
// before a worker is destroyed.
class Worker {
 public:
  Worker(unsigned index, BackgroundPool& pool, Admission& admission, SliceWatch& watch);
  ~Worker();  // stop()
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  asio::io_context& context() { return context_; }

  // Runs the loop on a thread of its own, until stop().
  void start();
  // Ends the loop with what is on it and joins. Not from the worker itself.
  void stop();

  // An execution, whose first slice is to be run on this worker's loop.
  Execution make_execution(ExecutionSpec&& spec) { return {admission_, *slot_, std::move(spec)}; }

  // The rest of one that did not end there: waits to be let in and runs in the background pool. On
  // this worker's loop only.
  Task<ExecutionResult> finish(Execution execution, ExecutionWaiter waiter);

  // How long the loop took for what was ready, each time: so long what came meanwhile waited. Safe
  // from any thread.
  Durations turns() const { return turns_.read(); }

 private:
  void run();
  void run_loop();
  std::size_t poll();
  bool poll_on();

  const unsigned index_;
  BackgroundPool& pool_;
  Admission& admission_;
  SliceWatch& watch_;
  SliceWatch::ThreadSlot* slot_ = nullptr;  // while the loop runs
  IdlePolling polling_;                     // this and the next: of the loop's thread
  DurationHistogram turns_;                 // written by the loop's thread
  WorkMeter meter_{false};                  // on while debug lines are logged, of which one says it
  asio::io_context context_{1};
  asio::executor_work_guard<Executor> work_;
  std::thread thread_;
};

}  // namespace wasm_server

#pragma once

#include <thread>
#include <utility>

#include "base/task.h"
#include "worker/admission.h"
#include "worker/background_pool.h"
#include "worker/execution.h"
#include "worker/idle_polling.h"
#include "worker/slice_watch.h"

namespace wasm_server {

// One per core: an event loop with the sessions dealt to it, and the place where their guests run.
// A short call runs here from start to end, between reading the request and writing the answer, and
// touches no other thread. The pool delivers outcomes to the loop, so its threads must have ended
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
  Execution make_execution(ExecuteOrder&& order) { return {admission_, *seat_, std::move(order)}; }

  // The rest of one that did not end there: waits to be let in and runs in the background pool. On
  // this worker's loop only.
  Task<Outcome> finish(Execution execution, ExecutionWaiter waiter);

 private:
  void run();
  void run_loop();
  bool poll_on();

  const unsigned index_;
  BackgroundPool& pool_;
  Admission& admission_;
  SliceWatch& watch_;
  SliceWatch::Seat* seat_ = nullptr;  // while the loop runs
  IdlePolling polling_;               // of the loop's thread
  asio::io_context context_{1};
  asio::executor_work_guard<Executor> work_;
  std::thread thread_;
};

}  // namespace wasm_server

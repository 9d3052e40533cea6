#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "base/task.h"
#include "engine/invocation.h"
#include "worker/admission.h"
#include "worker/background_pool.h"

namespace wasm_server {

// One execution, as a handler orders it.
struct ExecuteOrder {
  std::string_view module_id;  // outlives execute()
  GateLimits gate;
  InvocationOrder invocation;
  // Called on the worker's loop if the answer is not there at once, with what cancels the call; the
  // function may be called at any time after, also when the call is over.
  std::move_only_function<void(std::function<void()> cancel)> on_wait;
  // Called, with what must be called (from any thread) whenever the output sink has room again. May
  // be empty when there is no sink. With a sink the call runs in the background from the start,
  // because its reader is on this loop.
  std::move_only_function<void(std::function<void()> resume)> on_resumable;
};

// One per core: an event loop with the sessions dealt to it, and the place where their guests run.
// A short call runs here from start to end, between reading the request and writing the answer, and
// touches no other thread. The pool delivers outcomes to
// the loop, so its threads must have ended before a worker is destroyed.
class Worker {
 public:
  Worker(unsigned index, BackgroundPool& pool, Admission& admission);
  ~Worker();  // stop()
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  asio::io_context& context() { return context_; }

  // Runs the loop on a thread of its own, until stop().
  void start();
  // Ends the loop with what is on it and joins. Not from the worker itself.
  void stop();

  // Runs a guest: its first slice here, the rest, if any, in the background pool. On this worker's
  // loop only.
  Task<Outcome> execute(ExecuteOrder order);

 private:
  void run();
  Task<Outcome> execute_in_background(ExecuteOrder order, Admission::Gate* gate);
  Task<Outcome> wait_in_background(std::shared_ptr<GuestCall> call, Admission::Gate* gate,
                                   Invocation::Progress progress, ExecuteOrder& order);

  const unsigned index_;
  BackgroundPool& pool_;
  Admission& admission_;
  asio::io_context context_{1};
  asio::executor_work_guard<Executor> work_;
  std::thread thread_;
};

}  // namespace wasm_server

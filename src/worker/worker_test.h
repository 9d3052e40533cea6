#pragma once

// A worker with its pool, for tests that execute on it.

#include <functional>
#include <future>
#include <memory>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include "testing/engine_fixture.h"
#include "worker/worker.h"

namespace wasm_server {

class WorkerTest : public testing::Test {
 protected:
  WorkerTest() { worker_.start(); }
  ~WorkerTest() override {
    worker_.stop();  // its loop asks the pool whether that is busy
    pool_.reset();
  }

  // As a handler does: the first slice on the loop, the rest, if any, in the background.
  static Task<ExecutionResult> run(Worker& worker, ExecutionSpec made, ExecutionWaiter waiter) {
    auto execution = worker.make_execution(std::move(made));
    if (execution.run_on_worker()) co_return execution.take_result();
    auto result = co_await worker.finish(std::move(execution), std::move(waiter));
    co_return result;
  }

  std::future<ExecutionResult> execute(ExecutionSpec made, ExecutionWaiter waiter = {}) {
    auto promise = std::make_shared<std::promise<ExecutionResult>>();
    auto done = [promise](const std::exception_ptr& error, ExecutionResult result) {
      error ? promise->set_exception(error) : promise->set_value(std::move(result));
    };
    auto* worker = &worker_;
    auto spec = std::make_shared<ExecutionSpec>(std::move(made));
    auto waits = std::make_shared<ExecutionWaiter>(std::move(waiter));
    asio::post(worker_.context(), [worker, spec, waits, done] {
      asio::co_spawn(worker->context(), run(*worker, std::move(*spec), std::move(*waits)), done);
    });
    return promise->get_future();
  }

  // Gives, as well, what must be called when the sink has room again.
  std::future<ExecutionResult> execute_resumable(ExecutionSpec made,
                                                 std::function<void()>& resume) {
    std::promise<std::function<void()>> resumer;
    ExecutionWaiter waiter;
    waiter.on_resumable = [&resumer](std::function<void()> given) {
      resumer.set_value(std::move(given));
    };
    auto outcome = execute(std::move(made), std::move(waiter));
    resume = resumer.get_future().get();
    return outcome;
  }

  SliceWatch watch_{testing_engine::engine()};
  std::unique_ptr<BackgroundPool> pool_ =
      std::make_unique<BackgroundPool>(2U, testing_engine::engine(), watch_);
  Admission admission_{8, 8};
  Worker worker_{0, *pool_, admission_, watch_};
};

}  // namespace wasm_server

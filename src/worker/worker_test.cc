#include "worker/worker.h"

#include <atomic>
#include <future>
#include <latch>
#include <memory>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <gtest/gtest.h>

#include "testing/engine_fixture.h"

namespace wasm_server {
namespace {

using std::chrono::milliseconds;
using testing_engine::order;

class WorkerTest : public testing::Test {
 protected:
  WorkerTest() { worker_.start(); }
  ~WorkerTest() override {
    pool_.reset();
    worker_.stop();
  }

  ExecuteOrder execute_order(InvocationOrder invocation, GateLimits gate = {}) {
    ExecuteOrder made;
    made.module_id = "m";
    made.gate = gate;
    made.invocation = std::move(invocation);
    return made;
  }

  std::future<Outcome> execute(ExecuteOrder made) {
    auto promise = std::make_shared<std::promise<Outcome>>();
    auto done = [promise](const std::exception_ptr& error, Outcome outcome) {
      error ? promise->set_exception(error) : promise->set_value(std::move(outcome));
    };
    auto* worker = &worker_;
    auto shared = std::make_shared<ExecuteOrder>(std::move(made));
    asio::post(worker_.context(), [worker, shared, done] {
      asio::co_spawn(worker->context(), worker->execute(std::move(*shared)), done);
    });
    return promise->get_future();
  }

  static InvocationOrder with_timeout(InvocationOrder made, milliseconds timeout) {
    made.limits.timeout = timeout;
    return made;
  }

  std::unique_ptr<BackgroundPool> pool_ = std::make_unique<BackgroundPool>(2U);
  Admission admission_{8, 8};
  Worker worker_{0, *pool_, admission_};
};

TEST_F(WorkerTest, AnswersAShortCallWithoutWaiting) {
  auto made = execute_order(order("(module (func (export \"f\")))"));
  std::atomic<bool> waited{false};
  made.on_wait = [&waited](const std::function<void()>&) { waited = true; };
  EXPECT_TRUE(std::holds_alternative<Returned>(execute(std::move(made)).get().ending));
  EXPECT_FALSE(waited);
}

TEST_F(WorkerTest, EndsATightLoopAtItsDeadline) {
  auto outcome =
      execute(execute_order(with_timeout(order(testing_engine::kTightLoop), milliseconds(50))));
  EXPECT_TRUE(std::holds_alternative<TimedOut>(outcome.get().ending));
}

TEST_F(WorkerTest, AnswersOthersWhileLoopsRun) {
  std::vector<std::future<Outcome>> loops;
  for (int i = 0; i < 4; ++i) {
    loops.push_back(execute(
        execute_order(with_timeout(order(testing_engine::kTightLoop), milliseconds(60'000)))));
  }
  for (int i = 0; i < 20; ++i) {
    auto call = execute_order(order("(module (func (export \"f\")))"));
    call.module_id = "short";
    EXPECT_TRUE(std::holds_alternative<Returned>(execute(std::move(call)).get().ending));
  }
  pool_->cancel_all();
  for (auto& loop : loops) EXPECT_TRUE(std::holds_alternative<Cancelled>(loop.get().ending));
}

TEST_F(WorkerTest, CancelsACallWhoseClientIsGone) {
  auto made = execute_order(with_timeout(order(testing_engine::kTightLoop), milliseconds(60'000)));
  made.on_wait = [](const std::function<void()>& cancel) { cancel(); };
  EXPECT_TRUE(std::holds_alternative<Cancelled>(execute(std::move(made)).get().ending));
}

TEST_F(WorkerTest, CancelsASleepingCall) {
  auto made = execute_order(with_timeout(order(testing_engine::kSleeper), milliseconds(60'000)));
  made.on_wait = [](const std::function<void()>& cancel) { cancel(); };
  EXPECT_TRUE(std::holds_alternative<Cancelled>(execute(std::move(made)).get().ending));
}

TEST_F(WorkerTest, EndsSleepersAtTheirDeadline) {
  std::vector<std::future<Outcome>> sleepers;
  for (int i = 0; i < 8; ++i) {
    sleepers.push_back(
        execute(execute_order(with_timeout(order(testing_engine::kSleeper), milliseconds(50)))));
  }
  for (auto& sleeper : sleepers) {
    EXPECT_TRUE(std::holds_alternative<TimedOut>(sleeper.get().ending));
  }
}

TEST_F(WorkerTest, QueuesBeyondTheCapAndRefusesBeyondTheQueue) {
  const GateLimits gate{2, 3};
  std::vector<std::future<Outcome>> calls;
  for (int i = 0; i < 10; ++i) {
    calls.push_back(execute(
        execute_order(with_timeout(order(testing_engine::kSleeper), milliseconds(100)), gate)));
  }
  int refused = 0;
  int ended = 0;
  for (auto& call : calls) {
    const auto outcome = call.get();
    const auto* reason = std::get_if<Refused>(&outcome.ending);
    if (reason != nullptr) {
      EXPECT_EQ(reason->error.code, ErrorCode::kOverloaded);
      ++refused;
    } else {
      EXPECT_TRUE(std::holds_alternative<TimedOut>(outcome.ending));
      ++ended;
    }
  }
  EXPECT_EQ(ended, 5);
  EXPECT_EQ(refused, 5);
  EXPECT_EQ(admission_.running(), 0U);
}

TEST_F(WorkerTest, CancelsAQueuedCall) {
  const GateLimits gate{1, 0};
  auto first = execute(
      execute_order(with_timeout(order(testing_engine::kSleeper), milliseconds(60'000)), gate));
  auto made = execute_order(order(testing_engine::kSum), gate);
  made.on_wait = [](const std::function<void()>& cancel) { cancel(); };
  EXPECT_TRUE(std::holds_alternative<Cancelled>(execute(std::move(made)).get().ending));
  pool_->cancel_all();
  first.get();
}

TEST_F(WorkerTest, TellsHowLongACallWasQueued) {
  const GateLimits gate{1, 0};
  auto first =
      execute(execute_order(with_timeout(order(testing_engine::kSleeper), milliseconds(50)), gate));
  auto second = execute(execute_order(order("(module (func (export \"f\")))"), gate));
  EXPECT_EQ(first.get().queued.count(), 0);
  EXPECT_GT(second.get().queued.count(), 0);
}

TEST_F(WorkerTest, SuspendsAWriterUntilItsSinkIsRead) {
  struct Sink : OutputSink {
    bool ready() override { return open; }
    void write(ByteView bytes) override {
      taken += bytes.size();
      written.count_down();
    }
    std::atomic<bool> open{false};
    std::atomic<std::size_t> taken{0};
    std::latch written{1};
  } sink;
  auto made = execute_order(order(
      "(module (import \"wasi_snapshot_preview1\" \"fd_write\" (func $w (param i32 i32 i32 i32) "
      "(result i32)))"
      " (memory (export \"memory\") 1) (data (i32.const 0) \"\\10\\00\\00\\00\\05\\00\\00\\00\")"
      " (func (export \"f\") (drop (call $w (i32.const 1) (i32.const 0) (i32.const 1) (i32.const "
      "8)))))"));
  made.invocation.sink = &sink;
  std::promise<std::function<void()>> resumer;
  made.on_resumable = [&resumer](std::function<void()> resume) {
    resumer.set_value(std::move(resume));
  };
  auto outcome = execute(std::move(made));
  auto resume = resumer.get_future().get();
  sink.written.wait();
  EXPECT_EQ(outcome.wait_for(milliseconds(50)), std::future_status::timeout);
  sink.open = true;
  resume();
  EXPECT_TRUE(std::holds_alternative<Returned>(outcome.get().ending));
  EXPECT_EQ(sink.taken, 5U);
}

}  // namespace
}  // namespace wasm_server

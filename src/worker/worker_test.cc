#include "worker/worker.h"

#include <atomic>
#include <future>
#include <latch>
#include <memory>
#include <thread>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <gtest/gtest.h>

#include "testing/engine_fixture.h"

namespace wasm_server {
namespace {

using std::chrono::milliseconds;
using testing_engine::order;

constexpr std::string_view kShort = "(module (func (export \"f\")))";

// Writes five bytes to its standard output.
constexpr std::string_view kWriter =
    "(module (import \"wasi_snapshot_preview1\" \"fd_write\" (func $w (param i32 i32 i32 i32) "
    "(result i32)))"
    " (memory (export \"memory\") 1) (data (i32.const 0) \"\\10\\00\\00\\00\\05\\00\\00\\00\")"
    " (func (export \"f\") (drop (call $w (i32.const 1) (i32.const 0) (i32.const 1) (i32.const "
    "8)))))";

class WorkerTest : public testing::Test {
 protected:
  WorkerTest() { worker_.start(); }
  ~WorkerTest() override {
    worker_.stop();  // its loop asks the pool whether that is busy
    pool_.reset();
  }

  ExecuteOrder execute_order(InvocationOrder invocation, GateLimits gate = {}) {
    ExecuteOrder made;
    made.module_id = "m";
    made.gate = gate;
    made.invocation = std::move(invocation);
    return made;
  }

  // As a handler does: the first slice on the loop, the rest, if any, in the background.
  static Task<Outcome> run(Worker& worker, ExecuteOrder made, ExecutionWaiter waiter) {
    auto execution = worker.make_execution(std::move(made));
    if (execution.run_on_worker()) co_return execution.take_outcome();
    auto outcome = co_await worker.finish(std::move(execution), std::move(waiter));
    co_return outcome;
  }

  std::future<Outcome> execute(ExecuteOrder made, ExecutionWaiter waiter = {}) {
    auto promise = std::make_shared<std::promise<Outcome>>();
    auto done = [promise](const std::exception_ptr& error, Outcome outcome) {
      error ? promise->set_exception(error) : promise->set_value(std::move(outcome));
    };
    auto* worker = &worker_;
    auto order = std::make_shared<ExecuteOrder>(std::move(made));
    auto waits = std::make_shared<ExecutionWaiter>(std::move(waiter));
    asio::post(worker_.context(), [worker, order, waits, done] {
      asio::co_spawn(worker->context(), run(*worker, std::move(*order), std::move(*waits)), done);
    });
    return promise->get_future();
  }

  // Gives, as well, what must be called when the sink has room again.
  std::future<Outcome> execute_resumable(ExecuteOrder made, std::function<void()>& resume) {
    std::promise<std::function<void()>> resumer;
    ExecutionWaiter waiter;
    waiter.on_resumable = [&resumer](std::function<void()> given) {
      resumer.set_value(std::move(given));
    };
    auto outcome = execute(std::move(made), std::move(waiter));
    resume = resumer.get_future().get();
    return outcome;
  }

  static InvocationOrder with_timeout(InvocationOrder made, milliseconds timeout) {
    made.limits.timeout = timeout;
    return made;
  }

  SliceWatch watch_;
  std::unique_ptr<BackgroundPool> pool_ =
      std::make_unique<BackgroundPool>(2U, testing_engine::engine(), watch_);
  Admission admission_{8, 8};
  Worker worker_{0, *pool_, admission_, watch_};
};

// One of many: on a busy machine a call may lose its slice to another process.
TEST_F(WorkerTest, AnswersAShortCallWithoutWaiting) {
  const auto short_call = order(kShort);
  std::atomic<int> waited{0};
  int calls = 0;
  do {
    auto made = execute_order(InvocationOrder(short_call));
    ExecutionWaiter waiter;
    waiter.on_wait = [&waited](const std::function<void()>&) { ++waited; };
    EXPECT_TRUE(
        std::holds_alternative<Returned>(execute(std::move(made), std::move(waiter)).get().ending));
  } while (++calls < 1000 && waited == calls);
  EXPECT_LT(waited, calls);
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
    auto call = execute_order(order(kShort));
    call.module_id = "short";
    EXPECT_TRUE(std::holds_alternative<Returned>(execute(std::move(call)).get().ending));
  }
  pool_->cancel_all();
  for (auto& loop : loops) EXPECT_TRUE(std::holds_alternative<Cancelled>(loop.get().ending));
}

TEST_F(WorkerTest, SlicesAreShortWhileACallRunsInTheBackground) {
  auto& engine = testing_engine::engine();
  auto loop =
      execute(execute_order(with_timeout(order(testing_engine::kTightLoop), milliseconds(60'000))));
  while (!engine.has_short_slices()) std::this_thread::yield();
  pool_->cancel_all();
  EXPECT_TRUE(std::holds_alternative<Cancelled>(loop.get().ending));
  while (engine.has_short_slices()) std::this_thread::yield();
}

TEST_F(WorkerTest, TheBackgroundIsBusyWhileSpareTimeIsUsed) {
  EXPECT_FALSE(pool_->is_busy());
  testing_engine::engine().in_spare_time([this] { EXPECT_TRUE(pool_->is_busy()); });
  EXPECT_FALSE(pool_->is_busy());
}

TEST_F(WorkerTest, TheBackgroundIsNotBusyWithWorkThatRests) {
  // Calls without an end, because how many there are is looked at every few milliseconds.
  std::atomic<bool> over{false};
  std::thread caller([&] {
    while (!over) execute(execute_order(order(kShort))).get();
  });
  testing_engine::engine().in_spare_time([this] {
    while (pool_->is_busy()) std::this_thread::yield();
  });
  over = true;
  caller.join();
}

TEST_F(WorkerTest, SlicesAreNotShortForSleepers) {
  auto& engine = testing_engine::engine();
  std::promise<void> begun;
  ExecutionWaiter waiter;
  waiter.on_wait = [&begun](const std::function<void()>&) { begun.set_value(); };
  auto sleeper =
      execute(execute_order(with_timeout(order(testing_engine::kSleeper), milliseconds(60'000))),
              std::move(waiter));
  begun.get_future().wait();  // before, slices are not short for want of a call
  while (engine.has_short_slices()) std::this_thread::yield();
  pool_->cancel_all();
  EXPECT_TRUE(std::holds_alternative<Cancelled>(sleeper.get().ending));
}

TEST_F(WorkerTest, CancelsACallWhoseClientIsGone) {
  auto made = execute_order(with_timeout(order(testing_engine::kTightLoop), milliseconds(60'000)));
  ExecutionWaiter waiter;
  waiter.on_wait = [](const std::function<void()>& cancel) { cancel(); };
  EXPECT_TRUE(
      std::holds_alternative<Cancelled>(execute(std::move(made), std::move(waiter)).get().ending));
}

TEST_F(WorkerTest, CancelsASleepingCall) {
  auto made = execute_order(with_timeout(order(testing_engine::kSleeper), milliseconds(60'000)));
  ExecutionWaiter waiter;
  waiter.on_wait = [](const std::function<void()>& cancel) { cancel(); };
  EXPECT_TRUE(
      std::holds_alternative<Cancelled>(execute(std::move(made), std::move(waiter)).get().ending));
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

// The engine cannot interrupt one memory.fill; what it holds up is bounded by where the next runs.
TEST_F(WorkerTest, KeepsAGuestThatHoldsItsThreadInTheBackground) {
  constexpr std::string_view kFill =
      "(module (memory 4096) (func (export \"f\")"
      " (memory.fill (i32.const 0) (i32.const 1) (i32.const 268435456))))";
  bool slow = false;
  for (int tries = 0; !slow && tries < 100; ++tries) {  // the watch may have had no core
    EXPECT_TRUE(
        std::holds_alternative<Returned>(execute(execute_order(order(kFill))).get().ending));
    const auto ticket = admission_.try_enter("m", {});
    admission_.leave(*ticket.gate, Pace::kShort);
    slow = admission_.try_enter("m", {}).slow;  // though the last call was short
    admission_.leave(*ticket.gate, Pace::kShort);
  }
  EXPECT_TRUE(slow);
}

// Computes for about 10 ms.
constexpr std::string_view kLongCall =
    "(module (func (export \"f\") (local $i i32) (local.set $i (i32.const 30000000))"
    " (loop $more (br_if $more (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))))";

// Sleeps for a microsecond, again and again, and so was just awoken each time. Not in a loop,
// because there the engine would look whether its slice is used up.
std::string napper() {
  std::string naps;
  for (int i = 0; i < 5'000; ++i)
    naps += " (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))";
  return "(module (import \"wasi_snapshot_preview1\" \"poll_oneoff\""
         "  (func $poll (param i32 i32 i32 i32) (result i32)))"
         " (memory (export \"memory\") 1)"
         " (func (export \"f\")"
         "  (i32.store (i32.const 16) (i32.const 1)) (i64.store (i32.const 24) (i64.const 1000))"
         "  (loop $more" +
         naps + " (br $more))))";
}

TEST_F(WorkerTest, CallsThatSleepAgainAndAgainLeaveOthersTheirTurns) {
  Admission admission{16, 0};
  BackgroundPool pool(1U, testing_engine::engine(), watch_);
  const auto start = [&](InvocationOrder made) {
    auto promise = std::make_shared<std::promise<Outcome>>();
    auto call = std::make_shared<GuestCall>(pool, admission, Invocation(std::move(made)));
    call->start(*admission.try_enter("m", {}).gate,
                [promise](Outcome outcome) { promise->set_value(std::move(outcome)); });
    return promise->get_future();
  };
  const auto napper_order = with_timeout(order(napper()), milliseconds(60'000));
  std::vector<std::future<Outcome>> nappers;
  for (int i = 0; i < 10; ++i) nappers.push_back(start(InvocationOrder(napper_order)));
  auto call = start(with_timeout(order(kLongCall), milliseconds(5'000)));
  EXPECT_TRUE(std::holds_alternative<Returned>(call.get().ending));
  pool.cancel_all();
  for (auto& napper : nappers) napper.get();
}

TEST_F(WorkerTest, LongCallsStayInTheBackgroundUntilOneIsShort) {
  const auto starts_in_background = [this] {
    const auto ticket = admission_.try_enter("m", {});
    const bool slow = ticket.slow;
    admission_.leave(*ticket.gate, slow ? Pace::kLong : Pace::kShort);
    return slow;
  };
  execute(execute_order(order(kLongCall))).get();
  EXPECT_TRUE(starts_in_background());
  execute(execute_order(order(kLongCall))).get();
  EXPECT_TRUE(starts_in_background());
  execute(execute_order(order(kShort))).get();
  EXPECT_FALSE(starts_in_background());
}

// Forty times 0.3 ms of CPU time, and after each a wait for room: its slices, which are as short in
// the background, are used up all the time.
TEST_F(WorkerTest, AWriterIsNotLongForHavingWrittenMuch) {
  constexpr std::string_view kBusyWriter =
      "(module (import \"wasi_snapshot_preview1\" \"fd_write\" (func $w (param i32 i32 i32 i32) "
      "(result i32)))"
      " (memory (export \"memory\") 1) (data (i32.const 0) \"\\10\\00\\00\\00\\05\\00\\00\\00\")"
      " (func (export \"f\") (local $i i32) (local $n i32) (loop $more"
      "  (drop (call $w (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))"
      "  (local.set $i (i32.const 500000))"
      "  (loop $busy (br_if $busy (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))"
      "  (local.set $n (i32.add (local.get $n) (i32.const 1)))"
      "  (br_if $more (i32.lt_u (local.get $n) (i32.const 40))))))";
  struct Sink : OutputSink {
    // As if somebody had made room when it is asked again.
    bool ready() override { return asked = !asked; }
    void write(ByteView /*bytes*/) override { asked = true; }
    bool asked = false;
  } sink;
  auto made = execute_order(order(kBusyWriter));
  made.invocation.sink = &sink;
  std::function<void()> resume;
  auto outcome = execute_resumable(std::move(made), resume);
  while (outcome.wait_for(milliseconds{0}) != std::future_status::ready) {
    resume();
    std::this_thread::yield();
  }
  EXPECT_TRUE(std::holds_alternative<Returned>(outcome.get().ending));
  const auto ticket = admission_.try_enter("m", {});
  EXPECT_FALSE(ticket.slow);
  admission_.leave(*ticket.gate, Pace::kShort);
}

TEST_F(WorkerTest, EndsAWriterWhoseSinkStaysFullAtItsDeadline) {
  struct Sink : OutputSink {
    bool ready() override { return false; }
    void write(ByteView /*bytes*/) override {}
  } sink;
  auto made = execute_order(with_timeout(order(kWriter), milliseconds(50)));
  made.invocation.sink = &sink;
  EXPECT_TRUE(std::holds_alternative<TimedOut>(execute(std::move(made)).get().ending));
}

TEST_F(WorkerTest, QueuesBeyondTheCapAndRefusesBeyondTheQueue) {
  const GateLimits gate{2, 3};
  const auto sleeper = with_timeout(order(testing_engine::kSleeper), milliseconds(60'000));
  std::vector<std::future<Outcome>> calls;
  for (int i = 0; i < 10; ++i) {
    calls.push_back(execute(execute_order(InvocationOrder(sleeper), gate)));
  }
  for (std::size_t i = 5; i < 10; ++i) {
    const auto outcome = calls[i].get();
    ASSERT_TRUE(std::holds_alternative<Refused>(outcome.ending));
    EXPECT_EQ(std::get<Refused>(outcome.ending).error.code, ErrorCode::kOverloaded);
  }
  EXPECT_EQ(admission_.running(), 2U);
  EXPECT_EQ(admission_.waiting(), 3U);
  pool_->cancel_all();
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_TRUE(std::holds_alternative<Cancelled>(calls[i].get().ending));
  }
  EXPECT_EQ(admission_.running(), 0U);
}

TEST_F(WorkerTest, CancelsAQueuedCall) {
  const GateLimits gate{1, 0};
  auto first = execute(
      execute_order(with_timeout(order(testing_engine::kSleeper), milliseconds(60'000)), gate));
  auto made = execute_order(order(testing_engine::kSum), gate);
  ExecutionWaiter waiter;
  waiter.on_wait = [](const std::function<void()>& cancel) { cancel(); };
  EXPECT_TRUE(
      std::holds_alternative<Cancelled>(execute(std::move(made), std::move(waiter)).get().ending));
  pool_->cancel_all();
  first.get();
}

TEST_F(WorkerTest, TellsHowLongACallWasQueued) {
  const GateLimits gate{1, 0};
  auto first = execute(
      execute_order(with_timeout(order(testing_engine::kSleeper), milliseconds(60'000)), gate));
  auto second = execute(execute_order(order(kShort), gate));
  while (admission_.waiting() == 0) std::this_thread::yield();
  pool_->cancel_all();
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
  auto made = execute_order(order(kWriter));
  made.invocation.sink = &sink;
  std::function<void()> resume;
  auto outcome = execute_resumable(std::move(made), resume);
  sink.written.wait();
  EXPECT_EQ(outcome.wait_for(milliseconds(50)), std::future_status::timeout);
  sink.open = true;
  resume();
  EXPECT_TRUE(std::holds_alternative<Returned>(outcome.get().ending));
  EXPECT_EQ(sink.taken, 5U);
}

}  // namespace
}  // namespace wasm_server

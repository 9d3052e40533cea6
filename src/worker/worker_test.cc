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
#include "worker/worker_test.h"

namespace wasm_server {
namespace {

using std::chrono::milliseconds;
using testing_engine::call_of;
using testing_engine::make_runnable;
using testing_engine::TestCall;

ExecutionSpec spec_of(TestCall call, ConcurrencyLimits limiter = {}) {
  return {.module_id = "m", .concurrency = limiter, .runnable = make_runnable(std::move(call))};
}

TestCall with_timeout(TestCall made, milliseconds timeout) {
  made.limits.timeout = timeout;
  return made;
}

constexpr std::string_view kShort = "(module (func (export \"f\")))";

// Writes five bytes to its standard output.
constexpr std::string_view kWriter =
    "(module (import \"wasi_snapshot_preview1\" \"fd_write\" (func $w (param i32 i32 i32 i32) "
    "(result i32)))"
    " (memory (export \"memory\") 1) (data (i32.const 0) \"\\10\\00\\00\\00\\05\\00\\00\\00\")"
    " (func (export \"f\") (drop (call $w (i32.const 1) (i32.const 0) (i32.const 1) (i32.const "
    "8)))))";

// One of many: on a busy machine a call may lose its slice to another process.
TEST_F(WorkerTest, AnswersAShortCallWithoutWaiting) {
  const auto short_call = call_of(kShort);
  std::atomic<int> waited{0};
  int calls = 0;
  do {
    auto made = spec_of(short_call);
    ExecutionWaiter waiter;
    waiter.on_wait = [&waited](const std::function<void()>&) { ++waited; };
    EXPECT_TRUE(std::holds_alternative<Returned>(
        execute(std::move(made), std::move(waiter)).get().outcome));
  } while (++calls < 1000 && waited == calls);
  EXPECT_LT(waited, calls);
}

TEST_F(WorkerTest, EndsATightLoopAtItsDeadline) {
  auto outcome =
      execute(spec_of(with_timeout(call_of(testing_engine::kTightLoop), milliseconds(50))));
  EXPECT_TRUE(std::holds_alternative<TimedOut>(outcome.get().outcome));
}

TEST_F(WorkerTest, AnswersOthersWhileLoopsRun) {
  std::vector<std::future<ExecutionResult>> loops;
  for (int i = 0; i < 4; ++i) {
    loops.push_back(
        execute(spec_of(with_timeout(call_of(testing_engine::kTightLoop), milliseconds(60'000)))));
  }
  for (int i = 0; i < 20; ++i) {
    auto call = spec_of(call_of(kShort));
    call.module_id = "short";
    EXPECT_TRUE(std::holds_alternative<Returned>(execute(std::move(call)).get().outcome));
  }
  pool_->cancel_all();
  for (auto& loop : loops) EXPECT_TRUE(std::holds_alternative<Cancelled>(loop.get().outcome));
}

TEST_F(WorkerTest, SlicesAreShortWhileACallRunsInTheBackground) {
  auto& engine = testing_engine::engine();
  auto loop =
      execute(spec_of(with_timeout(call_of(testing_engine::kTightLoop), milliseconds(60'000))));
  while (!engine.has_short_slices()) std::this_thread::yield();
  pool_->cancel_all();
  EXPECT_TRUE(std::holds_alternative<Cancelled>(loop.get().outcome));
  while (engine.has_short_slices()) std::this_thread::yield();
}

TEST_F(WorkerTest, SlicesAreNotShortForSleepers) {
  auto& engine = testing_engine::engine();
  std::promise<void> begun;
  ExecutionWaiter waiter;
  waiter.on_wait = [&begun](const std::function<void()>&) { begun.set_value(); };
  auto sleeper =
      execute(spec_of(with_timeout(call_of(testing_engine::kSleeper), milliseconds(60'000))),
              std::move(waiter));
  begun.get_future().wait();  // before, slices are not short for want of a call
  while (engine.has_short_slices()) std::this_thread::yield();
  pool_->cancel_all();
  EXPECT_TRUE(std::holds_alternative<Cancelled>(sleeper.get().outcome));
}

TEST_F(WorkerTest, CancelsACallWhoseClientIsGone) {
  auto made = spec_of(with_timeout(call_of(testing_engine::kTightLoop), milliseconds(60'000)));
  ExecutionWaiter waiter;
  waiter.on_wait = [](const std::function<void()>& cancel) { cancel(); };
  EXPECT_TRUE(
      std::holds_alternative<Cancelled>(execute(std::move(made), std::move(waiter)).get().outcome));
}

TEST_F(WorkerTest, CancelsASleepingCall) {
  auto made = spec_of(with_timeout(call_of(testing_engine::kSleeper), milliseconds(60'000)));
  ExecutionWaiter waiter;
  waiter.on_wait = [](const std::function<void()>& cancel) { cancel(); };
  EXPECT_TRUE(
      std::holds_alternative<Cancelled>(execute(std::move(made), std::move(waiter)).get().outcome));
}

TEST_F(WorkerTest, EndsSleepersAtTheirDeadline) {
  std::vector<std::future<ExecutionResult>> sleepers;
  for (int i = 0; i < 8; ++i) {
    sleepers.push_back(
        execute(spec_of(with_timeout(call_of(testing_engine::kSleeper), milliseconds(50)))));
  }
  for (auto& sleeper : sleepers) {
    EXPECT_TRUE(std::holds_alternative<TimedOut>(sleeper.get().outcome));
  }
}

// The engine cannot interrupt one memory.fill; what it holds up is bounded by where the next runs.
TEST_F(WorkerTest, KeepsAGuestThatHoldsItsThreadInTheBackground) {
  constexpr std::string_view kFill =
      "(module (memory 4096) (func (export \"f\")"
      " (memory.fill (i32.const 0) (i32.const 1) (i32.const 268435456))))";
  bool slow = false;
  for (int tries = 0; !slow && tries < 100; ++tries) {  // the watch may have had no core
    EXPECT_TRUE(std::holds_alternative<Returned>(execute(spec_of(call_of(kFill))).get().outcome));
    const auto ticket = admission_.try_enter("m", {});
    admission_.leave(*ticket.limiter, SliceUse::kShort);
    slow = admission_.try_enter("m", {}).slow;  // though the last call was short
    admission_.leave(*ticket.limiter, SliceUse::kShort);
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
  const auto start = [&](TestCall made) {
    auto promise = std::make_shared<std::promise<ExecutionResult>>();
    auto call = std::make_shared<GuestCall>(pool, admission, make_runnable(std::move(made)));
    call->start(*admission.try_enter("m", {}).limiter,
                [promise](ExecutionResult result) { promise->set_value(std::move(result)); });
    return promise->get_future();
  };
  const auto napping = with_timeout(call_of(napper()), milliseconds(60'000));
  std::vector<std::future<ExecutionResult>> nappers;
  for (int i = 0; i < 10; ++i) nappers.push_back(start(napping));
  auto call = start(with_timeout(call_of(kLongCall), milliseconds(5'000)));
  EXPECT_TRUE(std::holds_alternative<Returned>(call.get().outcome));
  pool.cancel_all();
  for (auto& napper : nappers) napper.get();
}

TEST_F(WorkerTest, LongCallsStayInTheBackgroundUntilOneIsShort) {
  const auto starts_in_background = [this] {
    const auto ticket = admission_.try_enter("m", {});
    const bool slow = ticket.slow;
    admission_.leave(*ticket.limiter, slow ? SliceUse::kLong : SliceUse::kShort);
    return slow;
  };
  execute(spec_of(call_of(kLongCall))).get();
  EXPECT_TRUE(starts_in_background());
  execute(spec_of(call_of(kLongCall))).get();
  EXPECT_TRUE(starts_in_background());
  execute(spec_of(call_of(kShort))).get();
  EXPECT_FALSE(starts_in_background());
}

// Forty times 0.1 ms of CPU time, and after each a wait for room: a long call would be one of 2 ms
// without a wait, which a thread that the host of a virtual machine stops may seem to take.
TEST_F(WorkerTest, AWriterIsNotLongForHavingWrittenMuch) {
  constexpr std::string_view kBusyWriter =
      "(module (import \"wasi_snapshot_preview1\" \"fd_write\" (func $w (param i32 i32 i32 i32) "
      "(result i32)))"
      " (memory (export \"memory\") 1) (data (i32.const 0) \"\\10\\00\\00\\00\\05\\00\\00\\00\")"
      " (func (export \"f\") (local $i i32) (local $n i32) (loop $more"
      "  (drop (call $w (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))"
      "  (local.set $i (i32.const 150000))"
      "  (loop $busy (br_if $busy (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))"
      "  (local.set $n (i32.add (local.get $n) (i32.const 1)))"
      "  (br_if $more (i32.lt_u (local.get $n) (i32.const 40))))))";
  struct Sink : OutputSink {
    // As if somebody had made room when it is asked again.
    bool ready() override { return asked = !asked; }
    void write(ByteView /*bytes*/) override { asked = true; }
    bool asked = false;
  } sink;
  auto made = call_of(kBusyWriter);
  made.sink = &sink;
  std::function<void()> resume;
  auto outcome = execute_resumable(spec_of(std::move(made)), resume);
  while (outcome.wait_for(milliseconds{0}) != std::future_status::ready) {
    resume();
    std::this_thread::yield();
  }
  EXPECT_TRUE(std::holds_alternative<Returned>(outcome.get().outcome));
  const auto ticket = admission_.try_enter("m", {});
  EXPECT_FALSE(ticket.slow);
  admission_.leave(*ticket.limiter, SliceUse::kShort);
}

TEST_F(WorkerTest, EndsAWriterWhoseSinkStaysFullAtItsDeadline) {
  struct Sink : OutputSink {
    bool ready() override { return false; }
    void write(ByteView /*bytes*/) override {}
  } sink;
  auto made = with_timeout(call_of(kWriter), milliseconds(50));
  made.sink = &sink;
  EXPECT_TRUE(std::holds_alternative<TimedOut>(execute(spec_of(std::move(made))).get().outcome));
}

TEST_F(WorkerTest, QueuesBeyondTheCapAndRefusesBeyondTheQueue) {
  const ConcurrencyLimits limiter{2, 3};
  const auto sleeper = with_timeout(call_of(testing_engine::kSleeper), milliseconds(60'000));
  std::vector<std::future<ExecutionResult>> calls;
  for (int i = 0; i < 10; ++i) {
    calls.push_back(execute(spec_of(sleeper, limiter)));
  }
  for (std::size_t i = 5; i < 10; ++i) {
    const auto outcome = calls[i].get();
    ASSERT_TRUE(std::holds_alternative<Refused>(outcome.outcome));
    EXPECT_EQ(std::get<Refused>(outcome.outcome).error.code, ErrorCode::kOverloaded);
  }
  EXPECT_EQ(admission_.running(), 2U);
  EXPECT_EQ(admission_.waiting(), 3U);
  pool_->cancel_all();
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_TRUE(std::holds_alternative<Cancelled>(calls[i].get().outcome));
  }
  EXPECT_EQ(admission_.running(), 0U);
}

TEST_F(WorkerTest, CancelsAQueuedCall) {
  const ConcurrencyLimits limiter{1, 0};
  auto first = execute(
      spec_of(with_timeout(call_of(testing_engine::kSleeper), milliseconds(60'000)), limiter));
  auto made = spec_of(call_of(testing_engine::kSum), limiter);
  ExecutionWaiter waiter;
  waiter.on_wait = [](const std::function<void()>& cancel) { cancel(); };
  EXPECT_TRUE(
      std::holds_alternative<Cancelled>(execute(std::move(made), std::move(waiter)).get().outcome));
  pool_->cancel_all();
  first.get();
}

TEST_F(WorkerTest, TellsHowLongACallWasQueued) {
  const ConcurrencyLimits limiter{1, 0};
  auto first = execute(
      spec_of(with_timeout(call_of(testing_engine::kSleeper), milliseconds(60'000)), limiter));
  auto second = execute(spec_of(call_of(kShort), limiter));
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
  auto made = call_of(kWriter);
  made.sink = &sink;
  std::function<void()> resume;
  auto outcome = execute_resumable(spec_of(std::move(made)), resume);
  sink.written.wait();
  EXPECT_EQ(outcome.wait_for(milliseconds(50)), std::future_status::timeout);
  sink.open = true;
  resume();
  EXPECT_TRUE(std::holds_alternative<Returned>(outcome.get().outcome));
  EXPECT_EQ(sink.taken, 5U);
}

}  // namespace
}  // namespace wasm_server

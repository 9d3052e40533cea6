// A second kind of guest, run by everything that runs the guests of the engine.

#include "testing/scripted_guest.h"

#include <functional>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "worker/worker_test.h"

namespace wasm_server {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using namespace testing_guest;

const Act kEnd = End{Exited{7}};

// Full with each write, until it is emptied.
struct OneWrite : OutputSink {
  bool ready() override { return !full; }
  void write(ByteView bytes) override {
    written += bytes;
    full = true;
  }
  bool full = false;
  std::string written;
};

class ScriptedGuestTest : public WorkerTest {
 protected:
  ExecutionSpec spec_of(Script script, CallSpec spec = {}, ConcurrencyLimits limiter = {}) {
    auto guest = std::make_unique<ScriptedGuest>(std::move(script), trace_, std::move(spec));
    return {.module_id = "m", .concurrency = limiter, .runnable = std::move(guest)};
  }

  static CallSpec with_timeout(milliseconds timeout) {
    CallSpec spec;
    spec.limits.timeout = timeout;
    return spec;
  }

  ExecutionResult run_to_end(Script script, CallSpec spec = {}) {
    return execute(spec_of(std::move(script), std::move(spec))).get();
  }

  // How it ends when it is cancelled while it is waited for.
  Outcome run_and_cancel(Script script) {
    ExecutionWaiter waiter;
    waiter.on_wait = [](const std::function<void()>& cancel) { cancel(); };
    return execute(spec_of(std::move(script), with_timeout(hours{1})), std::move(waiter))
        .get()
        .outcome;
  }

  const std::shared_ptr<Trace> trace_ = std::make_shared<Trace>();
};

TEST_F(ScriptedGuestTest, EndsInItsFirstSlicesWithoutBeingWaitedFor) {
  bool waited = false;
  ExecutionWaiter waiter;
  waiter.on_wait = [&waited](const std::function<void()>&) { waited = true; };
  auto result =
      execute(spec_of({Write{"a"}, Compute{}, Write{"b"}, kEnd}), std::move(waiter)).get();
  EXPECT_EQ(std::get<Exited>(result.outcome).code, 7);
  EXPECT_EQ(result.stdout_bytes, "ab");
  EXPECT_EQ(trace_->steps, 2U);
  EXPECT_FALSE(waited);
}

TEST_F(ScriptedGuestTest, GoesOnInTheBackground) {
  const auto result = run_to_end({Compute{}, Compute{}, Write{"x"}, Compute{}, Write{"y"}, kEnd});
  EXPECT_EQ(std::get<Exited>(result.outcome).code, 7);
  EXPECT_EQ(result.stdout_bytes, "xy");
  EXPECT_EQ(trace_->steps, 4U);
  EXPECT_TRUE(trace_->released);
}

TEST_F(ScriptedGuestTest, SleepsAndIsWoken) {
  const auto result = run_to_end({Sleep{milliseconds{1}}, Compute{}, Sleep{milliseconds{1}}, kEnd});
  EXPECT_TRUE(std::holds_alternative<Exited>(result.outcome));
  EXPECT_EQ(trace_->steps, 4U);
}

TEST_F(ScriptedGuestTest, TellsItsTrap) {
  const auto result = run_to_end({Compute{}, Compute{}, End{Trapped{"its-own", "why", {}}}});
  EXPECT_EQ(std::get<Trapped>(result.outcome).kind, "its-own");
}

TEST_F(ScriptedGuestTest, EndsAtItsDeadlineHoweverItSpendsItsTime) {
  for (const Act& act : {Act{Compute{}}, Act{Sleep{hours{1}}}}) {
    const auto result = run_to_end({Write{"so far"}, act}, with_timeout(milliseconds{50}));
    EXPECT_TRUE(std::holds_alternative<TimedOut>(result.outcome));
    EXPECT_EQ(result.stdout_bytes, "so far");
    EXPECT_TRUE(trace_->released);
  }
}

TEST_F(ScriptedGuestTest, IsCancelledHoweverItSpendsItsTime) {
  EXPECT_TRUE(std::holds_alternative<Cancelled>(run_and_cancel({Compute{}})));
  EXPECT_TRUE(trace_->released);
  EXPECT_TRUE(std::holds_alternative<Cancelled>(run_and_cancel({Sleep{hours{1}}})));
}

TEST_F(ScriptedGuestTest, IsCancelledWithAllOthersAtTheEnd) {
  auto sleeper = execute(spec_of({Sleep{hours{1}}}, with_timeout(hours{1})));
  auto loop = execute(spec_of({Compute{}}, with_timeout(hours{1})));
  while (admission_.running() < 2) std::this_thread::yield();
  pool_->cancel_all();
  EXPECT_TRUE(std::holds_alternative<Cancelled>(sleeper.get().outcome));
  EXPECT_TRUE(std::holds_alternative<Cancelled>(loop.get().outcome));
}

TEST_F(ScriptedGuestTest, EndsAloneWhenItThrows) {
  auto loop = execute(spec_of({Compute{}}, with_timeout(hours{1})));
  const auto broken = run_to_end({Compute{}, Compute{}, Throw{}}).outcome;
  ASSERT_TRUE(std::holds_alternative<Refused>(broken));
  EXPECT_EQ(std::get<Refused>(broken).error.code, ErrorCode::kInternal);
  EXPECT_TRUE(std::holds_alternative<Exited>(run_to_end({kEnd}).outcome));
  pool_->cancel_all();
  loop.get();
}

TEST_F(ScriptedGuestTest, WaitsToBeLetIn) {
  const ConcurrencyLimits one{.max_concurrency = 1, .max_queue = 1};
  std::promise<std::function<void()>> cancel;
  ExecutionWaiter waiter;
  waiter.on_wait = [&cancel](std::function<void()> given) { cancel.set_value(std::move(given)); };
  auto first = execute(spec_of({Compute{}}, with_timeout(hours{1}), one), std::move(waiter));
  auto second = execute(spec_of({kEnd}, {}, one));
  while (admission_.waiting() == 0) std::this_thread::yield();
  const auto refused = execute(spec_of({kEnd}, {}, one)).get().outcome;
  EXPECT_EQ(std::get<Refused>(refused).error.code, ErrorCode::kOverloaded);
  cancel.get_future().get()();
  EXPECT_TRUE(std::holds_alternative<Cancelled>(first.get().outcome));
  EXPECT_TRUE(std::holds_alternative<Exited>(second.get().outcome));
}

TEST_F(ScriptedGuestTest, StartsInTheBackgroundAfterItHeldAWorker) {
  run_to_end({Hold{milliseconds{30}}, kEnd});
  const auto ticket = admission_.try_enter("m", {});
  EXPECT_TRUE(ticket.slow);
  admission_.leave(*ticket.limiter, SliceUse::kShort);
}

TEST_F(ScriptedGuestTest, StandsUntilItsOutputIsTaken) {
  OneWrite sink;
  CallSpec spec;
  spec.sink = &sink;
  std::function<void()> resume;
  auto result = execute_resumable(
      spec_of({Write{"a"}, WaitForSink{}, Write{"b"}, kEnd}, std::move(spec)), resume);
  while (trace_->steps == 0) std::this_thread::yield();
  EXPECT_EQ(result.wait_for(milliseconds{50}), std::future_status::timeout);
  asio::post(worker_.context(), [&] {
    sink.full = false;
    resume();
  });
  EXPECT_TRUE(std::holds_alternative<Exited>(result.get().outcome));
  EXPECT_EQ(sink.written, "ab");
}

TEST_F(ScriptedGuestTest, GoesOnOnTheWorkerEachTimeItsOutputWasTaken) {
  OneWrite sink;
  CallSpec spec;
  spec.sink = &sink;
  auto& slot = watch_.take_slot();
  Execution execution(
      admission_, slot,
      spec_of({Write{"a"}, WaitForSink{}, Write{"b"}, WaitForSink{}, kEnd}, std::move(spec)));
  ASSERT_FALSE(execution.run_on_worker());
  ASSERT_TRUE(execution.waits_for_sink());
  sink.full = false;
  ASSERT_FALSE(execution.go_on_on_worker());
  EXPECT_TRUE(execution.waits_for_sink());
  EXPECT_EQ(sink.written, "ab");
  sink.full = false;
  ASSERT_TRUE(execution.go_on_on_worker());
  EXPECT_TRUE(std::holds_alternative<Exited>(execution.take_result().outcome));
  watch_.leave(slot);
}

}  // namespace
}  // namespace wasm_server

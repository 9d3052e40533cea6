#include "worker/execution.h"

#include <thread>

#include <gtest/gtest.h>

#include "testing/engine_fixture.h"
#include "testing/scripted_guest.h"

namespace wasm_server {
namespace {

using std::chrono::milliseconds;
using testing_engine::call_of;
using testing_engine::make_runnable;

// Writes five bytes, ten times.
constexpr std::string_view kTenWrites =
    "(module (import \"wasi_snapshot_preview1\" \"fd_write\" (func $w (param i32 i32 i32 i32) "
    "(result i32)))"
    " (memory (export \"memory\") 1) (data (i32.const 0) \"\\10\\00\\00\\00\\05\\00\\00\\00\")"
    " (func (export \"f\") (local $i i32) (loop $more"
    "  (drop (call $w (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))"
    "  (local.set $i (i32.add (local.get $i) (i32.const 1)))"
    "  (br_if $more (i32.lt_u (local.get $i) (i32.const 10))))))";

// Writes five bytes and then computes without end.
constexpr std::string_view kWriteAndSpin =
    "(module (import \"wasi_snapshot_preview1\" \"fd_write\" (func $w (param i32 i32 i32 i32) "
    "(result i32)))"
    " (memory (export \"memory\") 1) (data (i32.const 0) \"\\10\\00\\00\\00\\05\\00\\00\\00\")"
    " (func (export \"f\")"
    "  (drop (call $w (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))"
    "  (loop br 0)))";

// Full with each write, until it is emptied.
struct Sink : OutputSink {
  bool ready() override { return !full; }
  void write(ByteView bytes) override {
    written += bytes.size();
    full = true;
  }
  bool full = false;
  std::size_t written = 0;
};

class ExecutionTest : public testing::Test {
 protected:
  ~ExecutionTest() override { watch_.leave(slot_); }

  Execution make(std::string_view wat, milliseconds timeout = milliseconds{60'000}) {
    auto made = call_of(wat);
    made.sink = &sink_;
    made.limits.timeout = timeout;
    return {admission_,
            slot_,
            {.module_id = "m", .concurrency = {}, .runnable = make_runnable(std::move(made))}};
  }

  // Until it waits for its sink: on a busy machine its slices may be over before.
  static void run_until_it_waits(Execution& execution) {
    ASSERT_FALSE(execution.run_on_worker());
    while (!execution.waits_for_sink()) ASSERT_FALSE(execution.go_on_on_worker());
  }

  Sink sink_;
  Admission admission_{8, 8};
  SliceWatch watch_{testing_engine::engine()};
  SliceWatch::ThreadSlot& slot_ = watch_.take_slot();
};

TEST_F(ExecutionTest, GoesOnEachTimeItsSinkHasRoom) {
  auto execution = make(kTenWrites);
  run_until_it_waits(execution);
  EXPECT_EQ(admission_.running(), 1U);
  bool ended = false;
  while (!ended) {
    ASSERT_LE(sink_.written, 50U);
    if (execution.waits_for_sink()) sink_.full = false;
    ended = execution.go_on_on_worker();
  }
  EXPECT_EQ(sink_.written, 50U);
  EXPECT_TRUE(std::holds_alternative<Returned>(execution.take_result().outcome));
  EXPECT_EQ(admission_.running(), 0U);
}

TEST_F(ExecutionTest, StandsWhileItsSinkIsFull) {
  auto execution = make(kTenWrites);
  run_until_it_waits(execution);
  EXPECT_FALSE(execution.go_on_on_worker());
  EXPECT_TRUE(execution.waits_for_sink());
  EXPECT_EQ(sink_.written, 5U);
}

TEST_F(ExecutionTest, DoesNotKeepAGuestThatComputes) {
  auto execution = make(kWriteAndSpin);
  run_until_it_waits(execution);
  sink_.full = false;
  EXPECT_FALSE(execution.go_on_on_worker());
  EXPECT_FALSE(execution.waits_for_sink());
}

TEST_F(ExecutionTest, EndsAtItsDeadlineThoughItsSinkIsFull) {
  auto execution = make(kTenWrites, milliseconds{200});
  run_until_it_waits(execution);
  EXPECT_LE(execution.deadline(), Runnable::Clock::now() + milliseconds{200});
  std::this_thread::sleep_until(execution.deadline());
  EXPECT_TRUE(execution.go_on_on_worker());
  EXPECT_TRUE(std::holds_alternative<TimedOut>(execution.take_result().outcome));
  EXPECT_EQ(admission_.running(), 0U);
}

TEST_F(ExecutionTest, GivesItsPlaceBackWhenItIsDropped) {
  {
    auto execution = make(kTenWrites);
    run_until_it_waits(execution);
    EXPECT_EQ(admission_.running(), 1U);
  }
  EXPECT_EQ(admission_.running(), 0U);
}

// A slice in which it has much memory may take long.
TEST_F(ExecutionTest, LeavesTheWorkerWhenItBecomesHeavy) {
  const auto trace = std::make_shared<testing_guest::Trace>();
  const auto make_scripted = [this, trace](testing_guest::Script script) {
    CallSpec spec;
    spec.sink = &sink_;
    spec.limits.timeout = milliseconds{60'000};
    return Execution(admission_, slot_,
                     {.module_id = "m",
                      .concurrency = {},
                      .runnable = std::make_unique<testing_guest::ScriptedGuest>(
                          std::move(script), trace, std::move(spec))});
  };
  const testing_guest::Act end = testing_guest::End{Exited{}};
  {
    auto usual = make_scripted({testing_guest::Compute{}, end});
    EXPECT_TRUE(usual.run_on_worker());
    EXPECT_EQ(trace->steps.exchange(0), 2U);
  }
  {
    auto heavy = make_scripted({testing_guest::BecomeHeavy{}, end});
    EXPECT_FALSE(heavy.run_on_worker());
    EXPECT_EQ(trace->steps.exchange(0), 1U);
  }
  auto writer = make_scripted({testing_guest::Write{"x"}, testing_guest::WaitForSink{},
                               testing_guest::BecomeHeavy{}, testing_guest::Write{"x"},
                               testing_guest::WaitForSink{}, end});
  ASSERT_FALSE(writer.run_on_worker());
  ASSERT_TRUE(writer.waits_for_sink());
  sink_.full = false;
  EXPECT_FALSE(writer.go_on_on_worker());
  EXPECT_FALSE(writer.waits_for_sink());
  EXPECT_EQ(trace->steps, 2U);
}

}  // namespace
}  // namespace wasm_server

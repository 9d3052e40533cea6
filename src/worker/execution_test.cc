#include "worker/execution.h"

#include <thread>

#include <gtest/gtest.h>

#include "testing/engine_fixture.h"

namespace wasm_server {
namespace {

using std::chrono::milliseconds;
using testing_engine::order;

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
  ~ExecutionTest() override { watch_.leave(seat_); }

  Execution make(std::string_view wat, milliseconds timeout = milliseconds{60'000}) {
    auto made = order(wat);
    made.sink = &sink_;
    made.limits.timeout = timeout;
    return {admission_, seat_, {.module_id = "m", .gate = {}, .invocation = std::move(made)}};
  }

  // Until it waits for its sink: on a busy machine its slices may be over before.
  static void run_until_it_waits(Execution& execution) {
    ASSERT_FALSE(execution.run_on_worker());
    while (!execution.waits_for_sink()) ASSERT_FALSE(execution.go_on_on_worker());
  }

  Sink sink_;
  Admission admission_{8, 8};
  SliceWatch watch_;
  SliceWatch::Seat& seat_ = watch_.take_seat();
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
  EXPECT_TRUE(std::holds_alternative<Returned>(execution.take_outcome().ending));
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
  EXPECT_LE(execution.deadline(), Invocation::Clock::now() + milliseconds{200});
  std::this_thread::sleep_until(execution.deadline());
  EXPECT_TRUE(execution.go_on_on_worker());
  EXPECT_TRUE(std::holds_alternative<TimedOut>(execution.take_outcome().ending));
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

}  // namespace
}  // namespace wasm_server

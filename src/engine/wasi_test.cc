// WASI, from the guest's side.

#include "engine/wasi.h"

#include <new>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/invocation_test.h"
#include "testing/engine_fixture.h"

namespace wasm_server {
namespace {

using std::chrono::milliseconds;

using testing_engine::order;

// Polls until the guest waits or has ended: on a busy machine it may use a slice up before that.
Invocation::Progress poll_past_slices(Invocation& invocation) {
  auto progress = invocation.poll();
  while (progress == Invocation::Progress::kSliceUsed) progress = invocation.poll();
  return progress;
}

constexpr std::string_view kWasiPrelude =
    "(module"
    " (import \"wasi_snapshot_preview1\" \"fd_write\" (func $fd_write (param i32 i32 i32 i32) "
    "(result i32)))"
    " (import \"wasi_snapshot_preview1\" \"fd_read\" (func $fd_read (param i32 i32 i32 i32) "
    "(result i32)))"
    " (import \"wasi_snapshot_preview1\" \"proc_exit\" (func $proc_exit (param i32)))"
    " (import \"wasi_snapshot_preview1\" \"poll_oneoff\" (func $poll_oneoff (param i32 i32 i32 "
    "i32) (result i32)))"
    " (import \"wasi_snapshot_preview1\" \"random_get\" (func $random_get (param i32 i32) (result "
    "i32)))"
    " (import \"wasi_snapshot_preview1\" \"path_open\" (func $path_open"
    "   (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))"
    " (import \"wasi_snapshot_preview1\" \"args_get\" (func $args_get (param i32 i32) (result "
    "i32)))"
    " (memory (export \"memory\") 2)";

InvocationOrder wasi_order(std::string_view rest) {
  return order(std::string(kWasiPrelude).append(rest).append(")"));
}

TEST(Wasi, WritesWhatItReads) {
  auto call = wasi_order(
      "(data (i32.const 0) \"\\10\\00\\00\\00\\05\\00\\00\\00\")"
      "(func (export \"f\")"
      " (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))"
      " (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))");
  call.wasi.stdin_bytes = "hello world";
  EXPECT_EQ(run(std::move(call)).stdout_bytes, "hello");
}

TEST(Wasi, StopsAGuestWhoseOutputCannotBeTaken) {
  struct Sink : OutputSink {
    bool ready() override { return true; }
    void write(ByteView /*bytes*/) override { throw std::bad_alloc(); }
  } sink;
  auto call = wasi_order(
      "(data (i32.const 0) \"\\10\\00\\00\\00\\05\\00\\00\\00\")"
      "(func (export \"f\")"
      " (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))");
  call.sink = &sink;
  const auto refused = run_to<Refused>(std::move(call));
  EXPECT_EQ(refused.error.code, ErrorCode::kInternal);
  EXPECT_THAT(refused.error.log, testing::HasSubstr("bad_alloc"));
}

TEST(Wasi, ExitsFromDeepInside) {
  auto call = wasi_order(
      "(func $g (call $proc_exit (i32.const 7)) unreachable) (func (export \"f\") call $g)");
  EXPECT_EQ(run_to<Exited>(std::move(call)).code, 7);
}

TEST(Wasi, StopsAGuestThatWritesTooMuch) {
  auto call = wasi_order(
      "(data (i32.const 0) \"\\10\\00\\00\\00\\00\\04\\00\\00\")"
      "(func (export \"f\") (loop"
      " (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))) br 0))");
  call.limits.output_bytes = 10'000;
  auto outcome = run(std::move(call));
  ASSERT_TRUE(std::holds_alternative<Refused>(outcome.ending));
  EXPECT_EQ(std::get<Refused>(outcome.ending).error.code, ErrorCode::kOutputLimit);
  EXPECT_LE(outcome.stdout_bytes.size(), 10'000U);
}

// A relative clock subscription of N nanoseconds at address 64.
std::string sleep_for(std::string_view nanoseconds) {
  return std::string(
             "(func (export \"f\") (result i32)"
             " (i32.store (i32.const 80) (i32.const 1))"
             " (i64.store (i32.const 88) (i64.const ")
      .append(nanoseconds)
      .append(
          "))"
          " (call $poll_oneoff (i32.const 64) (i32.const 256) (i32.const 1) (i32.const 300)))");
}

TEST(Wasi, SuspendsASleeper) {
  auto call = wasi_order(sleep_for("20000000"));
  call.result = {ValueType::kI32};
  const auto before = Invocation::Clock::now();
  Invocation invocation(std::move(call));
  ASSERT_EQ(poll_past_slices(invocation), Invocation::Progress::kWaiting);
  EXPECT_GE(invocation.wake_at(), before + milliseconds(20));
  std::this_thread::sleep_until(invocation.wake_at());
  ASSERT_EQ(poll_past_slices(invocation), Invocation::Progress::kFinished);
  EXPECT_EQ(std::get<Returned>(invocation.take_outcome().ending).results[0].low, 0U);
}

TEST(Wasi, EndsASleeperAtItsDeadline) {
  auto call = wasi_order(sleep_for("31536000000000000"));
  call.result = {ValueType::kI32};
  call.limits.timeout = milliseconds(30);
  run_to<TimedOut>(std::move(call));
}

TEST(Wasi, RefusesFilesWithAnErrno) {
  auto call = wasi_order(
      "(func (export \"f\") (result i32) (call $path_open (i32.const 3) (i32.const 0) (i32.const 0)"
      " (i32.const 1) (i32.const 0) (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 8)))");
  call.result = {ValueType::kI32};
  EXPECT_EQ(run_to<Returned>(std::move(call)).results[0].low, 8U);  // badf
}

TEST(Wasi, AnswersPointersOutsideOfTheMemoryWithFault) {
  auto call = wasi_order(
      "(func (export \"f\") (result i32 i32 i32)"
      " (call $args_get (i32.const -4) (i32.const 0))"
      " (call $random_get (i32.const 131071) (i32.const 2))"
      " (call $poll_oneoff (i32.const 131040) (i32.const 0) (i32.const 1) (i32.const 0)))");
  call.result = {ValueType::kI32, ValueType::kI32, ValueType::kI32};
  const auto returned = run_to<Returned>(std::move(call));
  for (const auto& value : returned.results) EXPECT_EQ(value.low, 21U);
}

TEST(Wasi, FillsALargeRandomRequestInPieces) {
  auto call = wasi_order(
      "(func (export \"f\") (result i32 i64)"
      " (drop (memory.grow (i32.const 30)))"
      " (call $random_get (i32.const 0) (i32.const 2000000)) (i64.load (i32.const 1999992)))");
  call.result = {ValueType::kI32, ValueType::kI64};
  const auto returned = run_to<Returned>(std::move(call));
  EXPECT_EQ(returned.results[0].low, 0U);
  EXPECT_NE(returned.results[1].low, 0U);
}

// Subscriptions of 48 bytes from address 0 on, events of 32 bytes from 512 on.
TEST(Wasi, AnswersAtOnceForStreamsAndForWhatIsWrong) {
  auto call = wasi_order(
      "(func (export \"f\") (result i32 i32 i64 i32 i32 i32)"
      " (i32.store8 (i32.const 8) (i32.const 1))"  // stdin
      " (i32.store8 (i32.const 56) (i32.const 2)) (i32.store (i32.const 64) (i32.const 1))"  // stdout
      " (i32.store8 (i32.const 104) (i32.const 1)) (i32.store (i32.const 112) (i32.const 77))"
      " (i32.store (i32.const 160) (i32.const 99))"  // an unknown clock
      " (drop (call $poll_oneoff (i32.const 0) (i32.const 512) (i32.const 4) (i32.const 900)))"
      " (i32.load (i32.const 900)) (i32.load16_u (i32.const 520)) (i64.load (i32.const 528))"
      " (i32.load16_u (i32.const 552)) (i32.load16_u (i32.const 584))"
      " (i32.load16_u (i32.const 616)))");
  call.wasi.stdin_bytes = "hello";
  call.result = {ValueType::kI32, ValueType::kI32, ValueType::kI64,
                 ValueType::kI32, ValueType::kI32, ValueType::kI32};
  const auto returned = run_to<Returned>(std::move(call));
  ASSERT_EQ(returned.results.size(), 6U);
  EXPECT_EQ(returned.results[0].low, 4U);
  EXPECT_EQ(returned.results[1].low, 0U);
  EXPECT_EQ(returned.results[2].low, 5U) << "what is left of stdin";
  EXPECT_EQ(returned.results[3].low, 0U);
  EXPECT_EQ(returned.results[4].low, 8U);   // badf
  EXPECT_EQ(returned.results[5].low, 28U);  // inval
}

TEST(Wasi, AnAbsoluteTimeThatIsOverIsNotWaitedFor) {
  auto call = wasi_order(
      "(func (export \"f\") (result i32 i32)"
      " (i32.store (i32.const 16) (i32.const 1)) (i64.store (i32.const 24) (i64.const 1))"
      " (i32.store16 (i32.const 40) (i32.const 1))"
      " (call $poll_oneoff (i32.const 0) (i32.const 512) (i32.const 1) (i32.const 900))"
      " (i32.load (i32.const 900)))");
  call.result = {ValueType::kI32, ValueType::kI32};
  call.limits.timeout = milliseconds(60'000);
  const auto returned = run_to<Returned>(std::move(call));
  EXPECT_EQ(returned.results[0].low, 0U);
  EXPECT_EQ(returned.results[1].low, 1U);
}

TEST(Wasi, AStreamHasAStatusOfAFileButNotOutsideOfTheMemory) {
  auto call = order(
      "(module (import \"wasi_snapshot_preview1\" \"fd_filestat_get\""
      "  (func $stat (param i32 i32) (result i32)))"
      " (memory (export \"memory\") 1)"
      " (func (export \"f\") (result i32 i32 i32)"
      "  (call $stat (i32.const 1) (i32.const 0)) (call $stat (i32.const 9) (i32.const 0))"
      "  (call $stat (i32.const 1) (i32.const 65530))))");
  call.result = {ValueType::kI32, ValueType::kI32, ValueType::kI32};
  const auto returned = run_to<Returned>(std::move(call));
  EXPECT_EQ(returned.results[0].low, 0U);
  EXPECT_EQ(returned.results[1].low, 8U);   // badf
  EXPECT_EQ(returned.results[2].low, 21U);  // fault
}

class SlowSink : public OutputSink {
 public:
  bool ready() override { return open; }
  void write(ByteView bytes) override { taken.append(bytes); }
  bool open = false;
  Bytes taken;
};

TEST(Wasi, SuspendsAWriterUntilItsSinkHasRoom) {
  SlowSink sink;
  auto call = wasi_order(
      "(data (i32.const 0) \"\\10\\00\\00\\00\\05\\00\\00\\00hello678hello\")"
      "(func (export \"f\")"
      " (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))"
      " (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))");
  call.sink = &sink;
  Invocation invocation(std::move(call));
  ASSERT_EQ(poll_past_slices(invocation), Invocation::Progress::kWaiting);
  const auto once = sink.taken.size();
  EXPECT_EQ(poll_past_slices(invocation), Invocation::Progress::kWaiting);
  EXPECT_EQ(sink.taken.size(), once);
  sink.open = true;
  while (invocation.poll() != Invocation::Progress::kFinished) {
  }
  EXPECT_EQ(sink.taken.size(), 2 * once);
}

}  // namespace
}  // namespace wasm_server

// WASI, from the guest's side.

#include "engine/wasi/wasi.h"

#include <new>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/runnable/core_call_test.h"
#include "testing/engine_fixture.h"

namespace wasm_server {
namespace {

using std::chrono::milliseconds;

using testing_engine::call_of;
using testing_engine::make_runnable;
using testing_engine::TestCall;

// Polls until the guest waits or has ended: on a busy machine it may use a slice up before that.
Runnable::Progress poll_past_slices(Runnable& running) {
  auto progress = running.poll();
  while (progress == Runnable::Progress::kSliceUsed) progress = running.poll();
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

TestCall wasi_call(std::string_view rest) {
  return call_of(std::string(kWasiPrelude).append(rest).append(")"));
}

TEST(Wasi, WritesWhatItReads) {
  auto call = wasi_call(
      "(data (i32.const 0) \"\\10\\00\\00\\00\\05\\00\\00\\00\")"
      "(func (export \"f\")"
      " (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))"
      " (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))");
  call.wasi.stdin_bytes = "hello world";
  EXPECT_EQ(run(std::move(call)).stdout_bytes, "hello");
}

TEST(Wasi, WritesNothingWhenALaterVectorOrTheCountIsOutsideOfMemory) {
  const auto result = run(wasi_call(
      "(data (i32.const 0) \"\\20\\00\\00\\00\\05\\00\\00\\00\\F0\\FF\\FF\\FF\\05\\00\\00\\00\")"
      "(data (i32.const 32) \"hello\")"
      "(func $is_fault (param i32) (if (i32.ne (local.get 0) (i32.const 21)) (then unreachable)))"
      "(func (export \"f\")"
      " (call $is_fault (call $fd_write (i32.const 1) (i32.const 0) (i32.const 2) (i32.const 16)))"
      " (call $is_fault (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const "
      "-2))))"));
  EXPECT_TRUE(std::holds_alternative<Returned>(result.outcome));
  EXPECT_EQ(result.stdout_bytes, "");
}

TEST(Wasi, StopsAGuestWhoseOutputCannotBeTaken) {
  struct Sink : OutputSink {
    bool ready() override { return true; }
    void write(ByteView /*bytes*/) override { throw std::bad_alloc(); }
  } sink;
  auto call = wasi_call(
      "(data (i32.const 0) \"\\10\\00\\00\\00\\05\\00\\00\\00\")"
      "(func (export \"f\")"
      " (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))");
  call.sink = &sink;
  const auto refused = run_to<Refused>(std::move(call));
  EXPECT_EQ(refused.error.code, ErrorCode::kInternal);
  EXPECT_THAT(refused.error.log, testing::HasSubstr("bad_alloc"));
}

TEST(Wasi, ExitsFromDeepInside) {
  auto call = wasi_call(
      "(func $g (call $proc_exit (i32.const 7)) unreachable) (func (export \"f\") call $g)");
  EXPECT_EQ(run_to<Exited>(std::move(call)).code, 7);
}

TEST(Wasi, StopsAGuestThatWritesTooMuch) {
  auto call = wasi_call(
      "(data (i32.const 0) \"\\10\\00\\00\\00\\00\\04\\00\\00\")"
      "(func (export \"f\") (loop"
      " (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))) br 0))");
  call.limits.output_bytes = 10'000;
  auto outcome = run(std::move(call));
  ASSERT_TRUE(std::holds_alternative<Refused>(outcome.outcome));
  EXPECT_EQ(std::get<Refused>(outcome.outcome).error.code, ErrorCode::kOutputLimit);
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
  auto call = wasi_call(sleep_for("20000000"));
  call.called.result = {ValueType::kI32};
  const auto before = Runnable::Clock::now();
  const auto running = make_runnable(std::move(call));
  ASSERT_EQ(poll_past_slices(*running), Runnable::Progress::kWaiting);
  EXPECT_GE(running->wake_at(), before + milliseconds(20));
  std::this_thread::sleep_until(running->wake_at());
  ASSERT_EQ(poll_past_slices(*running), Runnable::Progress::kFinished);
  EXPECT_EQ(std::get<Returned>(running->take_result().outcome).results[0].low(), 0U);
}

TEST(Wasi, EndsASleeperAtItsDeadline) {
  auto call = wasi_call(sleep_for("31536000000000000"));
  call.called.result = {ValueType::kI32};
  call.limits.timeout = milliseconds(30);
  run_to<TimedOut>(std::move(call));
}

TEST(Wasi, RefusesFilesWithAnErrno) {
  auto call = wasi_call(
      "(func (export \"f\") (result i32) (call $path_open (i32.const 3) (i32.const 0) (i32.const 0)"
      " (i32.const 1) (i32.const 0) (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 8)))");
  call.called.result = {ValueType::kI32};
  EXPECT_EQ(run_to<Returned>(std::move(call)).results[0].low(), 8U);  // badf
}

TEST(Wasi, AnswersPointersOutsideOfTheMemoryWithFault) {
  auto call = wasi_call(
      "(func (export \"f\") (result i32 i32 i32)"
      " (call $args_get (i32.const -4) (i32.const 0))"
      " (call $random_get (i32.const 131071) (i32.const 2))"
      " (call $poll_oneoff (i32.const 131040) (i32.const 0) (i32.const 1) (i32.const 0)))");
  call.called.result = {ValueType::kI32, ValueType::kI32, ValueType::kI32};
  const auto returned = run_to<Returned>(std::move(call));
  for (const auto& value : returned.results) EXPECT_EQ(value.low(), 21U);
}

TEST(Wasi, FillsALargeRandomRequestInPieces) {
  auto call = wasi_call(
      "(func (export \"f\") (result i32 i64)"
      " (drop (memory.grow (i32.const 30)))"
      " (call $random_get (i32.const 0) (i32.const 2000000)) (i64.load (i32.const 1999992)))");
  call.called.result = {ValueType::kI32, ValueType::kI64};
  const auto returned = run_to<Returned>(std::move(call));
  EXPECT_EQ(returned.results[0].low(), 0U);
  EXPECT_NE(returned.results[1].low(), 0U);
}

// Subscriptions of 48 bytes from address 0 on, events of 32 bytes from 512 on.
TEST(Wasi, AnswersAtOnceForStreamsAndForWhatIsWrong) {
  auto call = wasi_call(
      "(func $at (param $number i32) (param $type i32) (param $id i32)"
      " (i32.store8 offset=8 (local.get $number) (local.get $type))"
      " (i32.store offset=16 (local.get $number) (local.get $id)))"
      "(func (export \"f\") (result i32 i32 i64 i32 i32 i32 i32 i32)"
      " (call $at (i32.const 0) (i32.const 1) (i32.const 0))"    // stdin
      " (call $at (i32.const 48) (i32.const 2) (i32.const 1))"   // stdout
      " (call $at (i32.const 96) (i32.const 1) (i32.const 77))"  // a number that is not open
      " (call $at (i32.const 144) (i32.const 1) (i32.const 1))"  // stdout, to read
      " (call $at (i32.const 192) (i32.const 2) (i32.const 0))"  // stdin, to write
      " (call $at (i32.const 240) (i32.const 0) (i32.const 2))"  // a clock that is not offered
      " (drop (call $poll_oneoff (i32.const 0) (i32.const 512) (i32.const 6) (i32.const 900)))"
      " (i32.load (i32.const 900)) (i32.load16_u (i32.const 520)) (i64.load (i32.const 528))"
      " (i32.load16_u (i32.const 552)) (i32.load16_u (i32.const 584))"
      " (i32.load16_u (i32.const 616)) (i32.load16_u (i32.const 648))"
      " (i32.load16_u (i32.const 680)))");
  call.wasi.stdin_bytes = "hello";
  call.called.result = {ValueType::kI32, ValueType::kI32, ValueType::kI64, ValueType::kI32,
                        ValueType::kI32, ValueType::kI32, ValueType::kI32, ValueType::kI32};
  const auto returned = run_to<Returned>(std::move(call));
  std::vector<std::uint64_t> numbers;
  for (const auto& value : returned.results) numbers.push_back(value.low());
  const std::uint64_t left_of_stdin = 5;
  EXPECT_THAT(numbers, testing::ElementsAre(6, 0, left_of_stdin, 0, 8, 8, 8, 28));
}

// One subscription: of a type, a clock or with a flag that there is none of.
TEST(Wasi, RefusesSubscriptionsThatAreNone) {
  auto call = wasi_call(
      "(func $poll (result i32)"
      " (call $poll_oneoff (i32.const 0) (i32.const 512) (i32.const 1) (i32.const 900)))"
      "(func (export \"f\") (result i32 i32 i32 i32)"
      " (i32.store8 (i32.const 8) (i32.const 3)) (call $poll)"
      " (i32.store8 (i32.const 8) (i32.const 0)) (i32.store (i32.const 16) (i32.const 4))"
      " (call $poll)"
      " (i32.store (i32.const 16) (i32.const 1)) (i32.store16 (i32.const 40) (i32.const 2))"
      " (call $poll)"
      " (i32.store16 (i32.const 40) (i32.const 0)) (call $poll))");
  call.called.result = {ValueType::kI32, ValueType::kI32, ValueType::kI32, ValueType::kI32};
  const auto returned = run_to<Returned>(std::move(call));
  std::vector<std::uint64_t> numbers;
  for (const auto& value : returned.results) numbers.push_back(value.low());
  EXPECT_THAT(numbers, testing::ElementsAre(28, 28, 28, 0));
}

// A clock's subscription has 56 bytes there, a file's status as well.
TEST(Wasi, TheOlderFormHasItsOwnLayouts) {
  auto call = call_of(
      "(module"
      " (import \"wasi_unstable\" \"poll_oneoff\""
      "  (func $poll (param i32 i32 i32 i32) (result i32)))"
      " (import \"wasi_unstable\" \"fd_filestat_get\" (func $stat (param i32 i32) (result i32)))"
      " (memory (export \"memory\") 1)"
      " (func (export \"f\") (result i32 i32 i64 i32 i32 i64 i64)"
      "  (i64.store (i32.const 0) (i64.const 7))"    // userdata
      "  (i64.store (i32.const 16) (i64.const -1))"  // identifier
      "  (i32.store (i32.const 24) (i32.const 1)) (i64.store (i32.const 32) (i64.const 1000))"
      "  (i32.store8 (i32.const 64) (i32.const 2)) (i32.store (i32.const 72) (i32.const 0))"
      "  (call $poll (i32.const 0) (i32.const 512) (i32.const 2) (i32.const 900))"
      "  (i32.load (i32.const 900)) (i64.load (i32.const 512)) (i32.load16_u (i32.const 520))"
      "  (i64.store (i32.const 1048) (i64.const -1)) (i64.store (i32.const 1056) (i64.const -1))"
      "  (call $stat (i32.const 1) (i32.const 1000))"
      "  (i64.load (i32.const 1048)) (i64.load (i32.const 1056))))");
  call.called.result = {ValueType::kI32, ValueType::kI32, ValueType::kI64, ValueType::kI32,
                        ValueType::kI32, ValueType::kI64, ValueType::kI64};
  const auto returned = run_to<Returned>(std::move(call));
  std::vector<std::uint64_t> numbers;
  for (const auto& value : returned.results) numbers.push_back(value.low());
  // The stream that cannot be written is found at its place behind the clock, and comes first.
  EXPECT_THAT(numbers, testing::ElementsAre(0, 1, 0, 8, 0, 0, ~std::uint64_t{0}));
}

TEST(Wasi, AStreamThatIsRenumberedIsWrittenUnderItsNewNumber) {
  auto call = call_of(
      "(module"
      " (import \"wasi_snapshot_preview1\" \"fd_write\""
      "  (func $write (param i32 i32 i32 i32) (result i32)))"
      " (import \"wasi_snapshot_preview1\" \"fd_renumber\""
      "  (func $renumber (param i32 i32) (result i32)))"
      " (memory (export \"memory\") 1)"
      " (data (i32.const 0) "
      "\"\\10\\00\\00\\00\\05\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00hello\")"
      " (func (export \"f\") (result i32 i32 i32 i32)"
      "  (call $renumber (i32.const 1) (i32.const 3)) (call $renumber (i32.const 2) (i32.const 1))"
      "  (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 64))"
      "  (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 64))))");
  call.called.result = {ValueType::kI32, ValueType::kI32, ValueType::kI32, ValueType::kI32};
  const auto result = run(std::move(call));
  std::vector<std::uint64_t> numbers;
  for (const auto& value : std::get<Returned>(result.outcome).results) {
    numbers.push_back(value.low());
  }
  EXPECT_THAT(numbers, testing::ElementsAre(8, 0, 0, 8));
  EXPECT_EQ(result.stdout_bytes, "");
  EXPECT_EQ(result.stderr_bytes, "hello");
}

TEST(Wasi, AnAbsoluteTimeThatIsOverIsNotWaitedFor) {
  auto call = wasi_call(
      "(func (export \"f\") (result i32 i32)"
      " (i32.store (i32.const 16) (i32.const 1)) (i64.store (i32.const 24) (i64.const 1))"
      " (i32.store16 (i32.const 40) (i32.const 1))"
      " (call $poll_oneoff (i32.const 0) (i32.const 512) (i32.const 1) (i32.const 900))"
      " (i32.load (i32.const 900)))");
  call.called.result = {ValueType::kI32, ValueType::kI32};
  call.limits.timeout = milliseconds(60'000);
  const auto returned = run_to<Returned>(std::move(call));
  EXPECT_EQ(returned.results[0].low(), 0U);
  EXPECT_EQ(returned.results[1].low(), 1U);
}

TEST(Wasi, AStreamHasAStatusOfAFileButNotOutsideOfTheMemory) {
  auto call = call_of(
      "(module (import \"wasi_snapshot_preview1\" \"fd_filestat_get\""
      "  (func $stat (param i32 i32) (result i32)))"
      " (memory (export \"memory\") 1)"
      " (func (export \"f\") (result i32 i32 i32)"
      "  (call $stat (i32.const 1) (i32.const 0)) (call $stat (i32.const 9) (i32.const 0))"
      "  (call $stat (i32.const 1) (i32.const 65530))))");
  call.called.result = {ValueType::kI32, ValueType::kI32, ValueType::kI32};
  const auto returned = run_to<Returned>(std::move(call));
  EXPECT_EQ(returned.results[0].low(), 0U);
  EXPECT_EQ(returned.results[1].low(), 8U);   // badf
  EXPECT_EQ(returned.results[2].low(), 21U);  // fault
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
  auto call = wasi_call(
      "(data (i32.const 0) \"\\10\\00\\00\\00\\05\\00\\00\\00hello678hello\")"
      "(func (export \"f\")"
      " (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))"
      " (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))");
  call.sink = &sink;
  const auto running = make_runnable(std::move(call));
  ASSERT_EQ(poll_past_slices(*running), Runnable::Progress::kWaiting);
  const auto once = sink.taken.size();
  EXPECT_EQ(poll_past_slices(*running), Runnable::Progress::kWaiting);
  EXPECT_EQ(sink.taken.size(), once);
  sink.open = true;
  while (running->poll() != Runnable::Progress::kFinished) {
  }
  EXPECT_EQ(sink.taken.size(), 2 * once);
}

}  // namespace
}  // namespace wasm_server

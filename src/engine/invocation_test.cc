#include "engine/invocation.h"

#include <memory>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/engine_fixture.h"

namespace wasm_server {
namespace {

using std::chrono::milliseconds;

using testing_engine::compile;
using testing_engine::order;

// Polls to the end as a worker and the pool do together.
Outcome run(InvocationOrder order) {
  Invocation invocation(std::move(order));
  while (true) {
    const auto progress = invocation.poll();
    if (progress == Invocation::Progress::kFinished) return invocation.take_outcome();
    if (progress == Invocation::Progress::kWaiting) {
      std::this_thread::sleep_until(
          std::min(invocation.wake_at(), Invocation::Clock::now() + milliseconds(5)));
    }
  }
}

// Polls until the guest waits or has ended: on a busy machine it may use a slice up before that.
Invocation::Progress poll_past_slices(Invocation& invocation) {
  auto progress = invocation.poll();
  while (progress == Invocation::Progress::kSliceUsed) progress = invocation.poll();
  return progress;
}

template <class T>
T run_to(InvocationOrder order) {
  auto outcome = run(std::move(order));
  auto* ending = std::get_if<T>(&outcome.ending);
  if (ending == nullptr) {
    throw std::runtime_error("another ending, number " + std::to_string(outcome.ending.index()));
  }
  return std::move(*ending);
}

TEST(Invocation, ReturnsTheSum) {
  auto call = order(
      "(module (func (export \"f\") (param i32 i32) (result i32)"
      " (i32.add (local.get 0) (local.get 1))))");
  call.args = {{ValueType::kI32, 2, 0}, {ValueType::kI32, 40, 0}};
  call.result = {ValueType::kI32};
  const auto returned = run_to<Returned>(std::move(call));
  ASSERT_EQ(returned.results.size(), 1U);
  EXPECT_EQ(returned.results[0].low, 42U);
}

TEST(Invocation, KeepsEveryBitOfAVector) {
  auto call = order(
      "(module (func (export \"f\") (param v128) (result v128 i64) local.get 0 i64.const -1))");
  call.args = {{ValueType::kV128, 0x0123456789abcdefU, 0xfedcba9876543210U}};
  call.result = {ValueType::kV128, ValueType::kI64};
  const auto returned = run_to<Returned>(std::move(call));
  ASSERT_EQ(returned.results.size(), 2U);
  EXPECT_EQ(returned.results[0].low, 0x0123456789abcdefU);
  EXPECT_EQ(returned.results[0].high, 0xfedcba9876543210U);
  EXPECT_EQ(returned.results[1].low, ~0ULL);
}

// Up to four values take another way through the engine than more of them.
TEST(Invocation, PassesManyValuesOfAllTypes) {
  auto call = order(
      "(module (func (export \"f\") (param i32 i64 f32 f64 v128 funcref externref)"
      " (result externref funcref v128 f64 f32 i64 i32)"
      " local.get 6 local.get 5 local.get 4 local.get 3 local.get 2 local.get 1 local.get 0))");
  call.args = {{ValueType::kI32, 0xfffffffeU, 0},
               {ValueType::kI64, 0x8000000000000001U, 0},
               {ValueType::kF32, 0x7fa00001U, 0},
               {ValueType::kF64, 0xfff0000000000001U, 0},
               {ValueType::kV128, 0x0123456789abcdefU, 0xfedcba9876543210U},
               {ValueType::kFuncref, 0, 0},
               {ValueType::kExternref, 0, 0}};
  for (const auto& arg : call.args) call.result.insert(call.result.begin(), arg.type);
  const auto args = call.args;
  const auto results = run_to<Returned>(std::move(call)).results;
  ASSERT_EQ(results.size(), args.size());
  for (std::size_t i = 0; i < args.size(); ++i) {
    const auto& result = results[args.size() - 1 - i];
    EXPECT_EQ(result.low, args[i].low) << i;
    EXPECT_EQ(result.high, args[i].high) << i;
  }
}

TEST(Invocation, TellsNullFromOtherReferences) {
  auto call = order(
      "(module (func $g) (elem declare func $g)"
      " (func (export \"f\") (result funcref funcref externref)"
      " ref.null func ref.func $g ref.null extern))");
  call.result = {ValueType::kFuncref, ValueType::kFuncref, ValueType::kExternref};
  const auto results = run_to<Returned>(std::move(call)).results;
  ASSERT_EQ(results.size(), 3U);
  EXPECT_EQ(results[0].low, 0U);
  EXPECT_EQ(results[1].low, 1U);
  EXPECT_EQ(results[2].low, 0U);
}

// The slots are not typed: what the module's record says must not be trusted with memory.
TEST(Invocation, RefusesASignatureThatIsNotTheFunctions) {
  constexpr std::string_view kModule =
      "(module (func (export \"f\") (param i32 i32 i32 i32 i32 i32) (result i32) local.get 0))";
  auto too_few = order(kModule);
  too_few.result = {ValueType::kI32};
  EXPECT_EQ(run_to<Refused>(std::move(too_few)).error.code, ErrorCode::kInternal);

  auto no_result = order(kModule);
  no_result.args.assign(6, {ValueType::kI32, 1, 0});
  EXPECT_EQ(run_to<Refused>(std::move(no_result)).error.code, ErrorCode::kInternal);

  auto forged = order("(module (func (export \"f\") (param funcref)))");
  forged.args = {{ValueType::kI64, 0x1000, 0}};
  EXPECT_EQ(run_to<Refused>(std::move(forged)).error.code, ErrorCode::kInternal);
}

TEST(Invocation, DoesNotInitializeWithAFunctionThatTakesSomething) {
  auto call = order(
      "(module (func (export \"_initialize\") (param i64 i64 i64 i64 i64 i64))"
      " (func (export \"f\")))");
  call.initialize = true;
  EXPECT_EQ(run_to<Refused>(std::move(call)).error.code, ErrorCode::kInternal);
}

TEST(Invocation, TellsTheTrapAndWhereItWas) {
  const auto trapped = run_to<Trapped>(
      order("(module (func $inner unreachable) (func $outer (export \"f\") call $inner))"));
  EXPECT_EQ(trapped.kind, "unreachable");
  ASSERT_EQ(trapped.backtrace.size(), 2U);
  EXPECT_EQ(trapped.backtrace[0].function, "inner");
  EXPECT_EQ(trapped.backtrace[1].function, "outer");
}

TEST(Invocation, StopsATightLoopAtItsDeadline) {
  auto call = order("(module (func (export \"f\") (loop br 0)))");
  call.limits.timeout = milliseconds(30);
  run_to<TimedOut>(std::move(call));
}

TEST(Invocation, StopsALoopInTheStartFunction) {
  auto call = order("(module (func $s (loop br 0)) (start $s) (func (export \"f\")))");
  call.limits.timeout = milliseconds(30);
  run_to<TimedOut>(std::move(call));
}

TEST(Invocation, AnswersEndlessRecursionWithStackOverflow) {
  EXPECT_EQ(run_to<Trapped>(order("(module (func $f (export \"f\") call $f))")).kind,
            "stack-overflow");
}

TEST(Invocation, RefusesAModuleThatStartsBeyondItsMemory) {
  auto call = order("(module (memory 32) (func (export \"f\")))");
  call.limits.memory_bytes = 1U << 20;
  EXPECT_EQ(run_to<Refused>(std::move(call)).error.code, ErrorCode::kMemoryLimit);
}

TEST(Invocation, CountsTheSumOfAllMemories) {
  auto call = order("(module (memory 10) (memory 10) (func (export \"f\")))");
  call.limits.memory_bytes = 15U << 16;
  EXPECT_EQ(run_to<Refused>(std::move(call)).error.code, ErrorCode::kMemoryLimit);
}

TEST(Invocation, GivesAGuestMinusOneWhenItGrowsBeyondItsMemory) {
  auto call =
      order("(module (memory 1) (func (export \"f\") (result i32) (memory.grow (i32.const 100))))");
  call.limits.memory_bytes = 1U << 20;
  call.result = {ValueType::kI32};
  EXPECT_EQ(run_to<Returned>(std::move(call)).results[0].low, 0xffffffffU);
}

TEST(Invocation, GivesEachCallAFreshInstance) {
  auto module = order(
      "(module (memory 1) (func (export \"f\") (result i32)"
      " (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))"
      " (i32.load (i32.const 0))))");
  module.result = {ValueType::kI32};
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(run_to<Returned>(InvocationOrder(module)).results[0].low, 1U);
  }
}

TEST(Invocation, EndsACancelledCall) {
  Invocation invocation(order("(module (func (export \"f\") (loop br 0)))"));
  ASSERT_EQ(invocation.poll(), Invocation::Progress::kSliceUsed);
  invocation.cancel();
  ASSERT_EQ(invocation.poll(), Invocation::Progress::kFinished);
  EXPECT_TRUE(std::holds_alternative<Cancelled>(invocation.take_outcome().ending));
}

TEST(Invocation, MayMoveToAnotherThreadBetweenSlices) {
  auto call = order("(module (func (export \"f\") (loop br 0)))");
  call.limits.timeout = milliseconds(50);
  Invocation invocation(std::move(call));
  while (true) {
    auto progress = Invocation::Progress::kSliceUsed;
    std::thread([&] { progress = invocation.poll(); }).join();
    if (progress == Invocation::Progress::kFinished) break;
  }
  EXPECT_TRUE(std::holds_alternative<TimedOut>(invocation.take_outcome().ending));
}

TEST(Invocation, DropsASuspendedGuest) {
  Invocation invocation(order("(module (func (export \"f\") (loop br 0)))"));
  EXPECT_EQ(invocation.poll(), Invocation::Progress::kSliceUsed);
}

TEST(Invocation, SaysSoWhenThePoolHasNoRoom) {
  const auto endless = order("(module (memory 1) (func (export \"f\") (loop br 0)))");
  std::vector<std::unique_ptr<Invocation>> running;
  for (int i = 0; i < 1000; ++i) {
    running.push_back(std::make_unique<Invocation>(InvocationOrder(endless)));
    if (running.back()->poll() == Invocation::Progress::kFinished) break;
  }
  ASSERT_LT(running.size(), 1000U);
  const auto outcome = running.back()->take_outcome();
  ASSERT_TRUE(std::holds_alternative<Refused>(outcome.ending));
  EXPECT_EQ(std::get<Refused>(outcome.ending).error.code, ErrorCode::kOverloaded);
  running.clear();
  run_to<Returned>(order("(module (memory 1) (func (export \"f\")))"));
}

// WASI.

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

TEST(CompiledModule, NamesTheImportThatIsMissing) {
  const auto module = compile("(module (import \"env\" \"magic\" (func)) (func (export \"f\")))");
  ASSERT_TRUE(module->link_error());
  EXPECT_EQ(module->link_error()->code, ErrorCode::kInvalidModule);
  EXPECT_THAT(module->link_error()->message, testing::HasSubstr("env::magic"));
}

}  // namespace
}  // namespace wasm_server

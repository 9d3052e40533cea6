#include "engine/runnable/core_call.h"

#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/runnable/core_call_test.h"
#include "testing/engine_fixture.h"

namespace wasm_server {
namespace {

using std::chrono::milliseconds;

using testing_engine::call_of;
using testing_engine::compile;
using testing_engine::make_runnable;

TEST(CoreCall, ReturnsTheSum) {
  auto call = call_of(
      "(module (func (export \"f\") (param i32 i32) (result i32)"
      " (i32.add (local.get 0) (local.get 1))))");
  call.args = {Value::bits(2), Value::bits(40)};
  call.called.result = {ValueType::kI32};
  const auto returned = run_to<Returned>(std::move(call));
  ASSERT_EQ(returned.results.size(), 1U);
  EXPECT_EQ(returned.results[0].low(), 42U);
}

TEST(CoreCall, ExitsWithZeroWhenACommandReturns) {
  auto call = call_of("(module (func (export \"f\")))");
  call.command = true;
  EXPECT_EQ(run_to<Exited>(std::move(call)).code, 0);
}

TEST(CoreCall, KeepsEveryBitOfAVector) {
  auto call = call_of(
      "(module (func (export \"f\") (param v128) (result v128 i64) local.get 0 i64.const -1))");
  call.args = {Value::bits(0x0123456789abcdefU, 0xfedcba9876543210U)};
  call.called.result = {ValueType::kV128, ValueType::kI64};
  const auto returned = run_to<Returned>(std::move(call));
  ASSERT_EQ(returned.results.size(), 2U);
  EXPECT_EQ(returned.results[0].low(), 0x0123456789abcdefU);
  EXPECT_EQ(returned.results[0].high(), 0xfedcba9876543210U);
  EXPECT_EQ(returned.results[1].low(), ~0ULL);
}

// Up to four values take another way through the engine than more of them.
TEST(CoreCall, PassesManyValuesOfAllTypes) {
  auto call = call_of(
      "(module (func (export \"f\") (param i32 i64 f32 f64 v128 funcref externref)"
      " (result externref funcref v128 f64 f32 i64 i32)"
      " local.get 6 local.get 5 local.get 4 local.get 3 local.get 2 local.get 1 local.get 0))");
  call.args = {Value::bits(0xfffffffeU),
               Value::bits(0x8000000000000001U),
               Value::bits(0x7fa00001U),
               Value::bits(0xfff0000000000001U),
               Value::bits(0x0123456789abcdefU, 0xfedcba9876543210U),
               Value::bits(0),
               Value::bits(0)};
  call.called.result = {ValueType::kExternref, ValueType::kFuncref, ValueType::kV128,
                        ValueType::kF64,       ValueType::kF32,     ValueType::kI64,
                        ValueType::kI32};
  const auto args = call.args;
  const auto results = run_to<Returned>(std::move(call)).results;
  ASSERT_EQ(results.size(), args.size());
  for (std::size_t i = 0; i < args.size(); ++i) {
    const auto& result = results[args.size() - 1 - i];
    EXPECT_EQ(result, args[i]) << i;
  }
}

TEST(CoreCall, TellsNullFromOtherReferences) {
  auto call = call_of(
      "(module (func $g) (elem declare func $g)"
      " (func (export \"f\") (result funcref funcref externref)"
      " ref.null func ref.func $g ref.null extern))");
  call.called.result = {ValueType::kFuncref, ValueType::kFuncref, ValueType::kExternref};
  const auto results = run_to<Returned>(std::move(call)).results;
  ASSERT_EQ(results.size(), 3U);
  EXPECT_EQ(results[0].low(), 0U);
  EXPECT_EQ(results[1].low(), 1U);
  EXPECT_EQ(results[2].low(), 0U);
}

// The slots are not typed: what the module's record says must not be trusted with memory.
TEST(CoreCall, RefusesASignatureThatIsNotTheFunctions) {
  constexpr std::string_view kModule =
      "(module (func (export \"f\") (param i32 i32 i32 i32 i32 i32) (result i32) local.get 0))";
  auto too_few = call_of(kModule);
  too_few.called.result = {ValueType::kI32};
  EXPECT_EQ(run_to<Refused>(std::move(too_few)).error.code, ErrorCode::kInternal);

  auto no_result = call_of(kModule);
  no_result.args.assign(6, Value::bits(1));
  EXPECT_EQ(run_to<Refused>(std::move(no_result)).error.code, ErrorCode::kInternal);

  auto forged = call_of("(module (func (export \"f\") (param funcref)))");
  forged.args = {Value::bits(0x1000)};
  EXPECT_EQ(run_to<Refused>(std::move(forged)).error.code, ErrorCode::kInternal);
}

TEST(CoreCall, DoesNotInitializeWithAFunctionThatTakesSomething) {
  auto call = call_of(
      "(module (func (export \"_initialize\") (param i64 i64 i64 i64 i64 i64))"
      " (func (export \"f\")))");
  call.initialize = true;
  EXPECT_EQ(run_to<Refused>(std::move(call)).error.code, ErrorCode::kInternal);
}

TEST(CoreCall, TellsTheTrapAndWhereItWas) {
  const auto trapped = run_to<Trapped>(
      call_of("(module (func $inner unreachable) (func $outer (export \"f\") call $inner))"));
  EXPECT_EQ(trapped.kind, "unreachable");
  ASSERT_EQ(trapped.backtrace.size(), 2U);
  EXPECT_EQ(trapped.backtrace[0].function, "inner");
  EXPECT_EQ(trapped.backtrace[1].function, "outer");
}

TEST(CoreCall, LeavesOutAnOffsetThatIsNotKnown) {
  const auto trapped = run_to<Trapped>(call_of("(module (func $f (export \"f\") call $f))"));
  ASSERT_FALSE(trapped.backtrace.empty());
  for (const auto& frame : trapped.backtrace) EXPECT_LT(frame.offset.value_or(0), 1000U);
  EXPECT_TRUE(std::ranges::any_of(trapped.backtrace, [](const auto& frame) {
    return !frame.offset;
  })) << "else this test tests nothing";
}

// In C++'s mangling each part of this name is as often in the next as that has letters.
TEST(CoreCall, ReadsNothingIntoTheNamesOfAThrowersFunctions) {
  const auto times = [](const std::string& text) {
    std::string all;
    for (int i = 0; i < 300; ++i) all += text;
    return all;
  };
  const auto peak = [] {
    struct rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;  // kB
  };
  const auto name = "_Z1f1AI" + times("i") + "ES_I" + times("S0_") + "ES_I" + times("S1_") + "E";
  auto call = call_of("(module (tag $e) (func $\"" + name + "\" (export \"f\") (throw $e)))");
  const auto before = peak();
  const auto trapped = run_to<Trapped>(std::move(call));
  EXPECT_EQ(trapped.kind, "uncaught-exception");
  ASSERT_EQ(trapped.backtrace.size(), 1U);
  EXPECT_EQ(trapped.backtrace[0].function, name);
  EXPECT_LT(peak() - before, 50'000);
}

TEST(CoreCall, StopsATightLoopAtItsDeadline) {
  auto call = call_of("(module (func (export \"f\") (loop br 0)))");
  call.limits.timeout = milliseconds(30);
  run_to<TimedOut>(std::move(call));
}

TEST(CoreCall, StopsALoopInTheStartFunction) {
  auto call = call_of("(module (func $s (loop br 0)) (start $s) (func (export \"f\")))");
  call.limits.timeout = milliseconds(30);
  run_to<TimedOut>(std::move(call));
}

TEST(CoreCall, AnswersEndlessRecursionWithStackOverflow) {
  EXPECT_EQ(run_to<Trapped>(call_of("(module (func $f (export \"f\") call $f))")).kind,
            "stack-overflow");
}

TEST(CoreCall, RefusesAModuleThatStartsBeyondItsMemory) {
  auto call = call_of("(module (memory 32) (func (export \"f\")))");
  call.limits.memory_bytes = 1U << 20;
  EXPECT_EQ(run_to<Refused>(std::move(call)).error.code, ErrorCode::kMemoryLimit);
}

TEST(CoreCall, CountsTheSumOfAllMemories) {
  auto call = call_of("(module (memory 10) (memory 10) (func (export \"f\")))");
  call.limits.memory_bytes = 15U << 16;
  EXPECT_EQ(run_to<Refused>(std::move(call)).error.code, ErrorCode::kMemoryLimit);
}

TEST(CoreCall, GivesAGuestMinusOneWhenItGrowsBeyondItsMemory) {
  auto call = call_of(
      "(module (memory 1) (func (export \"f\") (result i32) (memory.grow (i32.const 100))))");
  call.limits.memory_bytes = 1U << 20;
  call.called.result = {ValueType::kI32};
  EXPECT_EQ(run_to<Returned>(std::move(call)).results[0].low(), 0xffffffffU);
}

TEST(CoreCall, CountsNoGrowthBeyondTheDeclaredMaximum) {
  auto memory = call_of(
      "(module (memory 1 100) (func (export \"f\") (result i32)"
      " (drop (memory.grow (i32.const 4000))) (memory.grow (i32.const 97))))");
  memory.limits.memory_bytes = 256U << 20;
  memory.called.result = {ValueType::kI32};
  EXPECT_EQ(run_to<Returned>(std::move(memory)).results[0].low(), 1U);

  auto table = call_of(
      "(module (table 1 10 funcref) (table $b 1 50000 funcref)"
      " (func (export \"f\") (result i32) (local $i i32)"
      "  (loop $more (drop (table.grow 0 (ref.null func) (i32.const 90000)))"
      "   (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))"
      "    (i32.const 20))))"
      "  (table.grow $b (ref.null func) (i32.const 20000))))");
  table.called.result = {ValueType::kI32};
  EXPECT_EQ(run_to<Returned>(std::move(table)).results[0].low(), 1U);
}

// A guest that was refused more memory copes with that, or it does not; either way it began.
TEST(CoreCall, TellsAnExceptionFromALimitThatWasHitBefore) {
  auto call = call_of(
      "(module (tag $e) (memory 1)"
      " (func (export \"f\") (drop (memory.grow (i32.const 5000))) (throw $e)))");
  call.limits.memory_bytes = 1U << 20;
  EXPECT_EQ(run_to<Trapped>(std::move(call)).kind, "uncaught-exception");
}

TEST(CoreCall, GivesEachCallAFreshInstance) {
  auto module = call_of(
      "(module (memory 1) (func (export \"f\") (result i32)"
      " (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))"
      " (i32.load (i32.const 0))))");
  module.called.result = {ValueType::kI32};
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(run_to<Returned>(module).results[0].low(), 1U);
  }
}

TEST(CoreCall, EndsACancelledCall) {
  const auto call = make_runnable(call_of("(module (func (export \"f\") (loop br 0)))"));
  ASSERT_EQ(call->poll(), Runnable::Progress::kSliceUsed);
  call->cancel();
  ASSERT_EQ(call->poll(), Runnable::Progress::kFinished);
  EXPECT_TRUE(std::holds_alternative<Cancelled>(call->take_result().outcome));
}

TEST(CoreCall, DoesNotBeginWhatWasCancelledBefore) {
  const auto call = make_runnable(call_of("(module (func (export \"f\")))"));
  call->cancel();
  ASSERT_EQ(call->poll(), Runnable::Progress::kFinished);
  EXPECT_TRUE(std::holds_alternative<Cancelled>(call->take_result().outcome));
}

TEST(CoreCall, MayMoveToAnotherThreadBetweenSlices) {
  auto call = call_of("(module (func (export \"f\") (loop br 0)))");
  call.limits.timeout = milliseconds(50);
  const auto running = make_runnable(std::move(call));
  while (true) {
    auto progress = Runnable::Progress::kSliceUsed;
    std::thread([&] { progress = running->poll(); }).join();
    if (progress == Runnable::Progress::kFinished) break;
  }
  EXPECT_TRUE(std::holds_alternative<TimedOut>(running->take_result().outcome));
}

TEST(CoreCall, DropsASuspendedGuest) {
  const auto call = make_runnable(call_of("(module (func (export \"f\") (loop br 0)))"));
  EXPECT_EQ(call->poll(), Runnable::Progress::kSliceUsed);
}

TEST(CoreCall, SaysSoWhenThePoolHasNoRoom) {
  const auto endless = call_of("(module (memory 1) (func (export \"f\") (loop br 0)))");
  std::vector<std::unique_ptr<Runnable>> running;
  for (int i = 0; i < 1000; ++i) {
    running.push_back(make_runnable(endless));
    if (running.back()->poll() == Runnable::Progress::kFinished) break;
  }
  ASSERT_LT(running.size(), 1000U);
  const auto result = running.back()->take_result();
  ASSERT_TRUE(std::holds_alternative<Refused>(result.outcome));
  EXPECT_EQ(std::get<Refused>(result.outcome).error.code, ErrorCode::kOverloaded);
  running.clear();
  run_to<Returned>(call_of("(module (memory 1) (func (export \"f\")))"));
}

TEST(CompiledModule, HasTheImageOfItsMemoryBeforeItsFirstCall) {
  const auto images = [] {
    const auto files = std::filesystem::directory_iterator("/proc/self/fd");
    return std::ranges::count_if(begin(files), end(files), [](const auto& file) {
      std::error_code gone;
      return read_symlink(file, gone).string().contains("wasm-memory-image");
    });
  };
  const auto before = images();
  const auto with_data =
      call_of("(module (memory 1) (data (i32.const 0) \"abc\") (func (export \"f\")))");
  EXPECT_EQ(images(), before + 1);
  run_to<Returned>(with_data);
  EXPECT_EQ(images(), before + 1);
}

TEST(CompiledModule, NamesTheImportThatIsMissing) {
  const auto module = compile("(module (import \"env\" \"magic\" (func)) (func (export \"f\")))");
  ASSERT_TRUE(module->link_error());
  EXPECT_EQ(module->link_error()->code, ErrorCode::kInvalidModule);
  EXPECT_THAT(module->link_error()->message, testing::HasSubstr("env::magic"));
}

}  // namespace
}  // namespace wasm_server

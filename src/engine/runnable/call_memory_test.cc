// What calls take of the process's memory.

#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "engine/runnable/core_call_test.h"
#include "testing/engine_fixture.h"

namespace wasm_server {
namespace {

using Progress = Runnable::Progress;

constexpr std::uint64_t kMiB = 1U << 20;

// An engine whose guests have 64 MiB together.
class CallMemory : public testing::Test {
 protected:
  static constexpr std::uint64_t kLimit = 64 * kMiB;

  CallMemory() {
    EngineSettings settings;
    settings.pool_slots = 4;
    settings.memory = &budget_;
    engine_ = Engine::make(settings).value();
  }

  testing_engine::TestCall call_of(std::string_view wat, std::string function = "f") const {
    testing_engine::TestCall call;
    call.module = CompiledModule::compile(*engine_, engine_->wat_to_wasm(wat).value()).value();
    call.called.name = std::move(function);
    call.limits.timeout = std::chrono::milliseconds{60'000};
    return call;
  }

  // With the result of `f`, one i32.
  testing_engine::TestCall number_of(std::string_view wat) const {
    auto call = call_of(wat);
    call.called.result = {ValueType::kI32};
    return call;
  }

  static std::uint64_t number(testing_engine::TestCall call) {
    return run_to<Returned>(std::move(call)).results.at(0).low();
  }

  // However many slices it takes.
  static void finish(Runnable& call) {
    while (call.poll() != Progress::kFinished) {
    }
  }

  MemoryBudget budget_{kLimit};
  std::unique_ptr<Engine> engine_;
};

constexpr std::string_view kGrowByMiB =
    "(module (memory 16) (func (export \"f\") (result i32) (memory.grow (i32.const 16))))";
constexpr std::string_view kThirtyMiB = "(module (memory 480) (func (export \"f\")))";

TEST_F(CallMemory, IsTakenWhereItGrowsAndGivenBack) {
  const auto call = make_runnable(number_of(kGrowByMiB));
  finish(*call);
  EXPECT_EQ(budget_.used(), 2 * kMiB);
  call->release();
  EXPECT_EQ(budget_.used(), 0U);
}

TEST_F(CallMemory, OfTablesIsCountedToo) {
  const auto call =
      make_runnable(call_of("(module (table 1000 funcref) (func (export \"f\")"
                            " (drop (table.grow (ref.null func) (i32.const 50000)))))"));
  finish(*call);
  EXPECT_EQ(budget_.used(), 51'000 * sizeof(void*));
}

TEST_F(CallMemory, ThatIsNotThereMakesGrowthFail) {
  auto others = std::make_unique<MemoryShare>(&budget_);
  ASSERT_TRUE(others->take(kLimit - kMiB));
  EXPECT_EQ(number(number_of(kGrowByMiB)), 0xffffffffU);
  others.reset();
  EXPECT_EQ(number(number_of(kGrowByMiB)), 16U);
}

// Those with little memory of their own are not kept from beginning by those with much.
TEST_F(CallMemory, OfLargeCallsLeavesAPartToSmallOnes) {
  const auto first = make_runnable(call_of(kThirtyMiB));
  finish(*first);
  EXPECT_EQ(number(number_of("(module (memory 1) (func (export \"f\") (result i32)"
                             " (memory.grow (i32.const 464))))")),
            0xffffffffU);  // 29 MiB are there, but not for it
  EXPECT_EQ(number(number_of(kGrowByMiB)), 16U);
}

TEST_F(CallMemory, ThatACallBeginsWithIsWaitedFor) {
  auto others = std::make_unique<MemoryShare>(&budget_);
  ASSERT_TRUE(others->take(kLimit - kMiB));
  const auto call = make_runnable(call_of(kThirtyMiB));
  EXPECT_EQ(call->poll(), Progress::kWaiting);
  EXPECT_FALSE(call->waits_for_sink());
  EXPECT_GT(call->wake_at(), Runnable::Clock::now());
  others.reset();
  finish(*call);
  const auto result = call->take_result();
  EXPECT_TRUE(std::holds_alternative<Returned>(result.outcome));
  EXPECT_GT(result.queued.count(), 0);
  EXPECT_GE(result.run.count(), 0);
}

TEST_F(CallMemory, ThatDoesNotComeIsAnOverload) {
  MemoryShare others(&budget_);
  ASSERT_TRUE(others.take(kLimit - kMiB));
  const auto refused = run_to<Refused>(call_of(kThirtyMiB));
  EXPECT_EQ(refused.error.code, ErrorCode::kOverloaded);
  EXPECT_EQ(budget_.used(), others.bytes());
}

// Filling much memory is one instruction, which nothing interrupts.
TEST_F(CallMemory, MakesACallHeavyBeforeItHasIt) {
  const auto light = make_runnable(number_of(kGrowByMiB));
  finish(*light);
  EXPECT_FALSE(light->is_heavy());

  const auto begins_with_much = make_runnable(call_of(kThirtyMiB));
  EXPECT_EQ(begins_with_much->poll(), Progress::kSliceUsed);
  EXPECT_TRUE(begins_with_much->is_heavy());
  finish(*begins_with_much);
  begins_with_much->release();

  const auto grows = make_runnable(
      call_of("(module (memory 1) (func (export \"f\") (drop (memory.grow (i32.const 400)))"
              " (memory.fill (i32.const 0) (i32.const 1) (i32.const 26279936))))"));
  EXPECT_EQ(grows->poll(), Progress::kSliceUsed);
  EXPECT_TRUE(grows->is_heavy());
  finish(*grows);
  EXPECT_TRUE(std::holds_alternative<Returned>(grows->take_result().outcome));
}

// Writes 64 KiB as often as asked.
constexpr std::string_view kWriter =
    "(module (import \"wasi_snapshot_preview1\" \"fd_write\""
    "  (func $w (param i32 i32 i32 i32) (result i32)))"
    " (memory (export \"memory\") 2)"
    " (data (i32.const 0) \"\\10\\00\\00\\00\\00\\00\\01\\00\")"
    " (func (export \"f\") (param $n i32) (loop $more"
    "  (drop (call $w (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))"
    "  (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))";

TEST_F(CallMemory, OfOutputIsHeldByTheResult) {
  auto call = call_of(kWriter);
  call.args = {Value::bits(64)};
  {
    const auto result = run(std::move(call));
    EXPECT_EQ(result.stdout_bytes.size(), 4 * kMiB);
    EXPECT_EQ(budget_.used(), 4 * kMiB);
  }
  EXPECT_EQ(budget_.used(), 0U);
}

TEST_F(CallMemory, ThatOutputDoesNotGetIsAnOverload) {
  auto call = call_of(kWriter);
  call.limits.output_bytes = 2 * kLimit;
  call.args = {Value::bits(2000)};
  EXPECT_EQ(run_to<Refused>(std::move(call)).error.code, ErrorCode::kOverloaded);
  EXPECT_EQ(budget_.used(), 0U);
}

}  // namespace
}  // namespace wasm_server

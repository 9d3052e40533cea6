#include <algorithm>

#include <gtest/gtest.h>

#include "compile/compiler_test.h"

namespace wasm_server {
namespace {

// Of each class one worker is busy for minutes.
TEST_F(CompilerTest, LetsASmallModuleWaitForNoLargeOne) {
  Compiler compiler(engine(), *artefacts_, settings());
  const auto large = shared(module_of_nested_loops(100'000));
  compile(compiler, large, kLong);
  prepare(compiler, shared(module_of_nested_loops(100'001)), kLong);
  for (int i = 0; i < 10; ++i) {
    auto small = compile(compiler, shared(constant_module(i)));
    ASSERT_EQ(small.wait_for(seconds(20)), std::future_status::ready);
    EXPECT_TRUE(small.get());
  }
  EXPECT_EQ(compiler.status(sha256(*large)).state, CompileState::kCompiling);
}

TEST_F(CompilerTest, MovesDownWhatWasTakenForSmall) {
  Compiler compiler(engine(), *artefacts_, settings());
  std::vector<std::future<Compiled>> liars;
  for (std::uint32_t i = 0; i < 4; ++i) {
    liars.push_back(compile(compiler, shared(module_of_nested_loops(100'000 + i))));
  }
  auto small = compile(compiler, code_);
  ASSERT_EQ(small.wait_for(seconds(20)), std::future_status::ready);
  EXPECT_TRUE(small.get());
  // They are answered with baseline code in the end, and optimised for minutes.
  for (auto& liar : liars) EXPECT_TRUE(liar.get());
  for (std::uint32_t i = 0; i < 4; ++i) {
    EXPECT_EQ(compiler.status(sha256(module_of_nested_loops(100'000 + i))).state,
              CompileState::kCompiling);
  }
}

// A hostile one has the only worker for baseline code, and the only one that optimises.
TEST_F(CompilerTest, LetsAShorterModuleGoBeforeOneThatTakesLong) {
  Compiler compiler(engine(), *artefacts_, settings());
  const auto hostile = shared(module_of_nested_loops(300'000));
  compile(compiler, hostile, 60 * kLong);
  std::this_thread::sleep_for(milliseconds(500));
  auto honest = compile(compiler, code_, milliseconds(800));
  ASSERT_EQ(honest.wait_for(seconds(60)), std::future_status::ready);
  EXPECT_TRUE(honest.get());
  wait_until_ready(compiler, sha256(*code_));
  EXPECT_TRUE(artefacts_->contains(sha256(*code_)));
  EXPECT_EQ(compiler.status(sha256(*hostile)).state, CompileState::kCompiling) << "it is not lost";
}

TEST_F(CompilerTest, SaysThatAModuleTookTooMuchMemory) {
  auto little = settings();
  little.memory_bytes = 32U << 20;
  Compiler compiler(engine(), *artefacts_, little);
  const auto hostile = shared(module_of_nested_loops(5'000));
  EXPECT_EQ(compile(compiler, hostile).get().error().code, ErrorCode::kMemoryLimit);
  const auto status = compiler.status(sha256(*hostile));
  EXPECT_EQ(status.state, CompileState::kFailed);
  EXPECT_EQ(status.detail, "compiling took more memory than 33554432 bytes");
  EXPECT_TRUE(compile(compiler, code_).get());
}

TEST_F(CompilerTest, SaysThatAModuleTookTooMuchTime) {
  auto little = settings();
  little.limits.cpu = milliseconds(500);
  Compiler compiler(engine(), *artefacts_, little);
  const auto hostile = shared(module_of_nested_loops(100'000));
  prepare(compiler, hostile, kLong);
  wait_until_ready(compiler, sha256(*hostile));
  const auto status = compiler.status(sha256(*hostile));
  EXPECT_EQ(status.state, CompileState::kFailed);
  EXPECT_EQ(status.detail, "compiling took more than 0.5 s of CPU time");
  EXPECT_EQ(compile(compiler, hostile, kLong).get().error().code, ErrorCode::kInvalidModule);
  EXPECT_TRUE(compile(compiler, code_).get());
}

TEST_F(CompilerTest, FailsTheModuleAloneWhoseWorkerGoesMad) {
  auto unruly = settings();
  unruly.worker_command = testing_worker::kUnrulyCommand;
  Compiler compiler(engine(), *artefacts_, unruly);
  for (const char* const deed : {"crash", "nonsense", "open memory"}) {
    const auto code = shared(Bytes(deed));
    EXPECT_EQ(compile(compiler, code).get().error().code, ErrorCode::kInvalidModule) << deed;
    EXPECT_EQ(compiler.status(sha256(*code)).state, CompileState::kFailed) << deed;
    EXPECT_FALSE(artefacts_->contains(sha256(*code))) << deed;
  }
}

TEST_F(CompilerTest, AnswersThoseWhoWaitForWhatWasDeleted) {
  Compiler compiler(engine(), *artefacts_, settings());
  std::promise<void> go_on;
  auto waiting = compile(compiler, subject_of(code_), load_after(go_on));
  compiler.forget(sha256(*code_));
  EXPECT_EQ(waiting.get().error().code, ErrorCode::kNotFound);
  EXPECT_EQ(compiler.status(sha256(*code_)).state, CompileState::kReady);
  go_on.set_value();
  EXPECT_TRUE(compile(compiler, code_).get()) << "stored again";
}

// It would keep the only worker of its class for minutes.
TEST_F(CompilerTest, KillsTheCompilationOfWhatWasDeleted) {
  Compiler compiler(engine(), *artefacts_, settings());
  const auto hostile = shared(module_of_nested_loops(100'000));
  prepare(compiler, hostile, kLong);
  std::this_thread::sleep_for(milliseconds(300));  // so that it has begun, on most machines
  compiler.forget(sha256(*hostile));
  EXPECT_EQ(compiler.status(sha256(*hostile)).state, CompileState::kReady);
  prepare(compiler, code_, 2 * kLong);  // for which the former one would not make way
  wait_until_ready(compiler, sha256(*code_));
  EXPECT_TRUE(artefacts_->contains(sha256(*code_)));
}

TEST_F(CompilerTest, DoesNotWaitForACompilationWhenItGoes) {
  std::chrono::steady_clock::time_point begin;
  {
    Compiler compiler(engine(), *artefacts_, settings());
    prepare(compiler, shared(module_of_nested_loops(100'000)), kLong);
    ASSERT_TRUE(compile(compiler, code_).get());
    std::this_thread::sleep_for(milliseconds(300));
    begin = std::chrono::steady_clock::now();
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(5));
}

TEST_F(CompilerTest, LetsNoMoreWaitForAModuleThanThereAreConnections) {
  Compiler compiler(engine(), *artefacts_, settings());
  std::promise<void> go_on;
  const auto load = load_after(go_on);
  std::vector<std::future<Compiled>> all;
  for (int i = 0; i < 20'000; ++i) all.push_back(compile(compiler, subject_of(code_), load));
  const auto refused = std::ranges::count_if(all, [](std::future<Compiled>& one) {
    return one.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  });
  EXPECT_EQ(refused, 20'000 - 16'384);
  go_on.set_value();
  EXPECT_EQ(std::ranges::count_if(all, [](auto& one) { return one.get().has_value(); }), 16'384);
}

TEST_F(CompilerTest, RefusesExecutionsBeyondItsQueue) {
  std::promise<void> go_on;
  const std::shared_future<void> held = go_on.get_future().share();
  Compiler compiler(engine(), *artefacts_, settings(4));
  std::vector<std::future<Compiled>> all;
  for (int i = 0; i < 20; ++i) {
    const auto code = shared(constant_module(i));
    auto load = [held, code]() -> Result<SharedBytes> {
      held.wait();  // so that nothing is done before all were asked for
      return code;
    };
    all.push_back(compile(compiler, subject_of(code), load));
  }
  go_on.set_value();
  int refused = 0;
  for (auto& one : all) {
    const auto compiled = one.get();
    if (compiled) continue;
    EXPECT_EQ(compiled.error().code, ErrorCode::kOverloaded);
    ++refused;
  }
  EXPECT_EQ(refused, 12) << "it holds twice its queue";
}

TEST_F(CompilerTest, BoundsTheBytesOfWhatWaits) {
  auto few = settings();
  few.queue_bytes = 1'000;
  Compiler compiler(engine(), *artefacts_, few);
  std::promise<void> go_on;
  const auto load = load_after(go_on);
  auto alone = compile(compiler, {digest_of(1), 5'000, kLong}, load);
  auto beside = compile(compiler, {digest_of(2), 1, kLong}, load);
  EXPECT_EQ(beside.get().error().code, ErrorCode::kOverloaded);
  EXPECT_EQ(alone.wait_for(seconds(0)), std::future_status::timeout);
  go_on.set_value();
  EXPECT_TRUE(alone.get());
  wait_until_ready(compiler, digest_of(1));
  EXPECT_TRUE(compile(compiler, {digest_of(2), 1, kLong}, load).get());
}

TEST_F(CompilerTest, AnswersAllWhenItGoes) {
  std::vector<std::future<Compiled>> all;
  {
    Compiler compiler(engine(), *artefacts_, settings(1000));
    for (int i = 0; i < 100; ++i) all.push_back(compile(compiler, shared(constant_module(i))));
  }
  for (auto& one : all) (void)one.get();  // a broken promise would throw
}

}  // namespace
}  // namespace wasm_server

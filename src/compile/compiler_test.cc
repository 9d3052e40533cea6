#include "compile/compiler_test.h"

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

TEST_F(CompilerTest, AnswersWithTheModuleAndKeepsItsArtefact) {
  Compiler compiler(engine(), *artefacts_, settings());
  EXPECT_TRUE(compile(compiler, code_).get());
  wait_until_ready(compiler, sha256(*code_));
  EXPECT_TRUE(artefacts_->contains(sha256(*code_)));
}

TEST_F(CompilerTest, NeedsNoCodeWhenThereIsAnArtefact) {
  {
    Compiler compiler(engine(), *artefacts_, settings());
    ASSERT_TRUE(compile(compiler, code_).get());
    wait_until_ready(compiler, sha256(*code_));
  }
  loads_ = 0;
  Compiler compiler(engine(), *artefacts_, settings());
  EXPECT_TRUE(compile(compiler, code_).get());
  EXPECT_EQ(loads_, 0);
}

TEST_F(CompilerTest, CompilesOnceForAllWhoWait) {
  Compiler compiler(engine(), *artefacts_, settings());
  std::vector<std::future<Compiled>> all;
  for (int i = 0; i < 50; ++i) all.push_back(compile(compiler, code_));
  for (auto& one : all) EXPECT_TRUE(one.get());
  EXPECT_LE(loads_, 2);  // a second time only for those who came after the first was done
}

TEST_F(CompilerTest, AnswersALargeModuleWithBaselineCodeAndThenOptimisesIt) {
  Compiler compiler(engine(), *artefacts_, settings());
  const auto first = compile(compiler, code_, kLong).get().value();
  wait_until_ready(compiler, sha256(*code_));
  const auto second = compile(compiler, code_, kLong).get().value();
  EXPECT_EQ(second->tier(), Tier::kOptimized);
  EXPECT_TRUE(artefacts_->contains(sha256(*code_)));
  // The optimised code of so little may be there as soon.
  EXPECT_EQ(compiler.status(sha256(*code_)).state, CompileState::kReady);
}

// Locals of 128 bits: the baseline compiler has none.
TEST_F(CompilerTest, AnswersALargeModuleThatHasNoBaselineCode) {
  Compiler compiler(engine(), *artefacts_, settings());
  const auto code =
      shared(testing_engine::wasm_of("(module (func (export \"f\") (param externref) (result i32)"
                                     " (ref.is_null (local.get 0))))"));
  EXPECT_EQ(compile(compiler, code, kLong).get().value()->tier(), Tier::kOptimized);
}

TEST_F(CompilerTest, PreparesInTheBackground) {
  Compiler compiler(engine(), *artefacts_, settings());
  prepare(compiler, code_);
  wait_until_ready(compiler, sha256(*code_));
  EXPECT_TRUE(artefacts_->contains(sha256(*code_)));
  EXPECT_TRUE(compile(compiler, code_).get());
  EXPECT_EQ(loads_, 0) << "the artefact does for executions";
}

// Never are 100 ms over without one.
TEST_F(CompilerTest, PreparesALittleWhileModulesKeepBeingStored) {
  Compiler compiler(engine(), *artefacts_, settings(10'000));
  const auto is_there = [&](int number) {
    return artefacts_->contains(sha256(constant_module(number)));
  };
  int stored = 0;
  int ready = 0;
  for (; ready < 3; ++stored) {
    prepare(compiler, shared(constant_module(stored)));
    std::this_thread::sleep_for(milliseconds(2));
    ready += is_there(ready) ? 1 : 0;
    ASSERT_LT(stored, 9'000);
  }
}

TEST_F(CompilerTest, DoesNotPrepareWhatIsThere) {
  save_artefact(code_);
  Compiler compiler(engine(), *artefacts_, settings());
  prepare(compiler, code_);
  EXPECT_EQ(compiler.status(sha256(*code_)).state, CompileState::kReady);
}

TEST_F(CompilerTest, DoesNotLetExecutionsWaitForWhatIsPrepared) {
  Compiler compiler(engine(), *artefacts_, settings());
  std::promise<void> go_on;
  std::promise<void> began;
  auto load = [this, &began, held = go_on.get_future().share()]() -> Result<SharedBytes> {
    if (++loads_ == 1) {
      began.set_value();
      held.wait();
    }
    return code_;
  };
  compiler.prepare(subject_of(code_), load);
  began.get_future().wait();
  EXPECT_TRUE(compile(compiler, subject_of(code_), load).get());
  go_on.set_value();
}

TEST_F(CompilerTest, AnswersExecutionsOfWhatWasPreparedBeforeTheyWereServed) {
  Compiler compiler(engine(), *artefacts_, settings());
  for (int i = 0; i < 20; ++i) {
    const auto code = shared(constant_module(i));
    prepare(compiler, code);
    std::this_thread::sleep_for(milliseconds(90 + i));  // about when it begins
    EXPECT_TRUE(compile(compiler, code).get());
  }
}

TEST_F(CompilerTest, SaysOfWhatItPreparedThatItDoesNotFitThePool) {
  Compiler compiler(engine(), *artefacts_, settings());
  const auto large = shared(testing_engine::wasm_of("(module (table 100001 funcref))"));
  prepare(compiler, large);
  wait_until_ready(compiler, sha256(*large));
  const auto status = compiler.status(sha256(*large));
  EXPECT_EQ(status.state, CompileState::kFailed);
  EXPECT_NE(status.detail.find("exceeds"), std::string::npos) << status.detail;
  EXPECT_FALSE(artefacts_->contains(sha256(*large)));
}

TEST_F(CompilerTest, AnswersExecutionsOfWhatItIsPreparing) {
  Compiler compiler(engine(), *artefacts_, settings());
  std::vector<SharedBytes> codes;
  for (int i = 0; i < 20; ++i) {
    codes.push_back(shared(constant_module(i)));
    prepare(compiler, codes.back());
  }
  auto last = compile(compiler, codes.back());
  auto first = compile(compiler, codes.front());
  EXPECT_TRUE(last.get());
  EXPECT_TRUE(first.get());
}

TEST_F(CompilerTest, AnswersExecutionsThatComeDuringAPreloadWithWhatItLoads) {
  save_artefact(code_);
  Compiler compiler(engine(), *artefacts_, settings());
  const auto digest = sha256(*code_);
  std::shared_ptr<const CompiledModule> kept;
  std::future<Compiled> joined;
  compiler.preload(digest, [&](const std::shared_ptr<const CompiledModule>& code) {
    kept = code;
    EXPECT_EQ(compiler.status(digest).state, CompileState::kReady);
    joined = compile(compiler, code_);
  });
  ASSERT_NE(kept, nullptr);
  EXPECT_EQ(joined.get().value(), kept);
  EXPECT_EQ(loads_, 0);
}

TEST_F(CompilerTest, DoesNotLetExecutionsWaitBehindAPreloadOfAnother) {
  const auto other = shared(constant_module(1));
  save_artefact(code_);
  save_artefact(other);
  Compiler compiler(engine(), *artefacts_, settings());
  bool kept = false;
  compiler.preload(sha256(*code_), [&](const std::shared_ptr<const CompiledModule>&) {
    kept = true;
    EXPECT_TRUE(compile(compiler, other).get());
  });
  EXPECT_TRUE(kept);
}

TEST_F(CompilerTest, DoesNotPreloadWhatAnExecutionWaitsFor) {
  Compiler compiler(engine(), *artefacts_, settings());
  std::promise<void> go_on;
  const auto load = load_after(go_on);
  auto asked = compile(compiler, subject_of(code_), load);
  compiler.preload(sha256(*code_), [](const auto&) { ADD_FAILURE(); });
  go_on.set_value();
  EXPECT_TRUE(asked.get());
}

TEST_F(CompilerTest, CompilesNothingForAPreload) {
  Compiler compiler(engine(), *artefacts_, settings());
  const auto digest = sha256(*code_);
  const auto fail = [](const std::shared_ptr<const CompiledModule>&) { ADD_FAILURE(); };
  compiler.preload(digest, fail);
  save_artefact(code_);
  spoil_artefact();
  compiler.preload(digest, fail);
  EXPECT_EQ(compiler.status(digest).state, CompileState::kReady);
  EXPECT_FALSE(artefacts_->contains(digest));
}

// Whether they come before, during or after it.
TEST_F(CompilerTest, AnswersExecutionsOfWhatCannotBePreloaded) {
  Compiler compiler(engine(), *artefacts_, settings());
  for (int i = 0; i < 30; ++i) {
    const auto code = shared(constant_module(i));
    save_artefact(code);
    spoil_artefact();
    std::thread preload([&] { compiler.preload(sha256(*code), [](const auto&) {}); });
    EXPECT_TRUE(compile(compiler, code).get());
    preload.join();
    artefacts_->remove(sha256(*code));
  }
}

TEST_F(CompilerTest, TellsWhyAModuleFailed) {
  Compiler compiler(engine(), *artefacts_, settings());
  const auto bad = shared("not wasm at all");
  const auto compiled = compile(compiler, bad).get();
  ASSERT_FALSE(compiled);
  EXPECT_EQ(compiled.error().code, ErrorCode::kInvalidModule);
  EXPECT_EQ(compiler.status(sha256(*bad)).state, CompileState::kFailed);
  EXPECT_FALSE(compiler.status(sha256(*bad)).detail.empty());
}

TEST_F(CompilerTest, DoesNotTryAgainWhatFailed) {
  Compiler compiler(engine(), *artefacts_, settings());
  const auto bad = shared("not wasm at all");
  const auto first = compile(compiler, bad).get();
  std::atomic<bool> tried{false};
  const auto load = [&]() -> Result<SharedBytes> {
    tried = true;
    return bad;
  };
  const auto again = compile(compiler, subject_of(bad), load).get();
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, first.error().code);
  EXPECT_EQ(again.error().message, first.error().message);
  EXPECT_FALSE(tried);
}

}  // namespace
}  // namespace wasm_server

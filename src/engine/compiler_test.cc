#include "engine/compiler.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include <gtest/gtest.h>

#include "engine/artefacts.h"
#include "testing/engine_fixture.h"
#include "testing/temporary_directory.h"

namespace wasm_server {
namespace {

using testing_engine::engine;
using Compiled = Result<std::shared_ptr<const CompiledModule>>;

class CompilerTest : public testing::Test {
 protected:
  std::future<Compiled> compile(Compiler& compiler, const SharedBytes& code) {
    auto load = [this, code]() -> Result<SharedBytes> {
      ++loads_;
      return code;
    };
    return compile(compiler, sha256(*code), load, code->size());
  }
  std::future<Compiled> compile(Compiler& compiler, const Digest& digest,
                                std::function<Result<SharedBytes>()> load, std::size_t size = 1) {
    auto promise = std::make_shared<std::promise<Compiled>>();
    compiler.compile(digest, size, std::move(load),
                     [promise](Compiled compiled) { promise->set_value(std::move(compiled)); });
    return promise->get_future();
  }
  // Another module for each number.
  static Bytes constant_module(int number) {
    return testing_engine::wasm_of("(module (func (export \"f\") (result i32) i32.const " +
                                   std::to_string(number) + "))");
  }
  static void prepare(Compiler& compiler, const SharedBytes& code) {
    compiler.prepare(sha256(*code), [code]() -> Result<SharedBytes> { return code; });
  }
  static SharedBytes shared(Bytes bytes) { return std::make_shared<const Bytes>(std::move(bytes)); }

  void save_artefact(const SharedBytes& code) const {
    const auto module = CompiledModule::compile(engine(), *code).value();
    ASSERT_TRUE(artefacts_->save(sha256(*code), module->serialize().value()));
  }
  // The only one that is there.
  void spoil_artefact() const {
    const auto file = *std::filesystem::directory_iterator(temporary_.path() / "a");
    std::ofstream(file.path(), std::ios::binary | std::ios::app) << "x";
  }

  // Gives the code when that was said.
  Compiler::Load load_after(std::promise<void>& go_on) {
    return [this, held = go_on.get_future().share()]() -> Result<SharedBytes> {
      held.wait();
      return code_;
    };
  }

  void wait_until_ready(const Compiler& compiler, const Digest& digest) const {
    while (compiler.status(digest).state == CompileState::kCompiling) std::this_thread::yield();
  }

  TemporaryDirectory temporary_;
  std::unique_ptr<Artefacts> artefacts_ =
      Artefacts::open((temporary_.path() / "a").string(), engine(), "secret").value();
  SharedBytes code_ = shared(testing_engine::wasm_of(testing_engine::kSum));
  std::atomic<int> loads_{0};
};

TEST_F(CompilerTest, AnswersWithTheModuleAndKeepsItsArtefact) {
  Compiler compiler(engine(), *artefacts_, 1, 100);
  EXPECT_TRUE(compile(compiler, code_).get());
  EXPECT_TRUE(artefacts_->contains(sha256(*code_)));
}

TEST_F(CompilerTest, NeedsNoCodeWhenThereIsAnArtefact) {
  {
    Compiler compiler(engine(), *artefacts_, 1, 100);
    ASSERT_TRUE(compile(compiler, code_).get());
  }
  loads_ = 0;
  Compiler compiler(engine(), *artefacts_, 1, 100);
  EXPECT_TRUE(compile(compiler, code_).get());
  EXPECT_EQ(loads_, 0);
}

TEST_F(CompilerTest, CompilesOnceForAllWhoWait) {
  Compiler compiler(engine(), *artefacts_, 2, 100);
  std::vector<std::future<Compiled>> all;
  for (int i = 0; i < 50; ++i) all.push_back(compile(compiler, code_));
  for (auto& one : all) EXPECT_TRUE(one.get());
  EXPECT_LE(loads_, 2);  // a second time only for those who came after the first was done
}

TEST_F(CompilerTest, LetsASmallModuleWaitForNoLargeOne) {
  Compiler compiler(engine(), *artefacts_, 1, 100);
  std::promise<void> go_on;
  const auto load = load_after(go_on);
  auto large = compile(compiler, Digest{}, load, CompiledModule::kLargeCode);
  auto small = compile(compiler, code_);
  const auto answered = small.wait_for(std::chrono::seconds(20));
  go_on.set_value();
  ASSERT_EQ(answered, std::future_status::ready);
  EXPECT_TRUE(small.get());
  EXPECT_TRUE(large.get());
}

TEST_F(CompilerTest, PreparesInTheBackground) {
  Compiler compiler(engine(), *artefacts_, 1, 100);
  prepare(compiler, code_);
  wait_until_ready(compiler, sha256(*code_));
  EXPECT_TRUE(artefacts_->contains(sha256(*code_)));
  EXPECT_TRUE(compile(compiler, code_).get());
  EXPECT_EQ(loads_, 0) << "the artefact does for executions";
}

TEST_F(CompilerTest, DoesNotPrepareWhatIsThere) {
  save_artefact(code_);
  Compiler compiler(engine(), *artefacts_, 1, 100);
  prepare(compiler, code_);
  EXPECT_EQ(compiler.status(sha256(*code_)).state, CompileState::kReady);
}

TEST_F(CompilerTest, LetsNoMoreWaitForAModuleThanThereAreConnections) {
  Compiler compiler(engine(), *artefacts_, 1, 100);
  std::promise<void> go_on;
  const auto load = load_after(go_on);
  std::vector<std::future<Compiled>> all;
  for (int i = 0; i < 20'000; ++i) all.push_back(compile(compiler, sha256(*code_), load));
  const auto refused = std::ranges::count_if(all, [](std::future<Compiled>& one) {
    return one.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  });
  EXPECT_EQ(refused, 20'000 - 16'384);
  go_on.set_value();
  EXPECT_EQ(std::ranges::count_if(all, [](auto& one) { return one.get().has_value(); }), 16'384);
}

TEST_F(CompilerTest, DoesNotLetExecutionsWaitForWhatIsPreparedInSpareTime) {
  Compiler compiler(engine(), *artefacts_, 1, 100);
  std::promise<void> go_on;
  std::promise<void> began;
  auto load = [this, &began, held = go_on.get_future().share()]() -> Result<SharedBytes> {
    if (++loads_ == 1) {
      began.set_value();
      held.wait();
    }
    return code_;
  };
  const auto digest = sha256(*code_);
  compiler.prepare(digest, load);
  began.get_future().wait();
  EXPECT_TRUE(compile(compiler, digest, load).get());
  go_on.set_value();
}

TEST_F(CompilerTest, AnswersExecutionsOfWhatWasPreparedBeforeTheyWereServed) {
  Compiler compiler(engine(), *artefacts_, 1, 100);
  for (int i = 0; i < 20; ++i) {
    const auto code = shared(constant_module(i));
    prepare(compiler, code);
    std::this_thread::sleep_for(std::chrono::milliseconds(i + 10));  // about when it begins
    EXPECT_TRUE(compile(compiler, code).get());
  }
}

TEST_F(CompilerTest, SaysOfWhatItPreparedThatItDoesNotFitThePool) {
  Compiler compiler(engine(), *artefacts_, 1, 100);
  const auto large = shared(testing_engine::wasm_of("(module (table 100001 funcref))"));
  prepare(compiler, large);
  wait_until_ready(compiler, sha256(*large));
  const auto status = compiler.status(sha256(*large));
  EXPECT_EQ(status.state, CompileState::kFailed);
  EXPECT_NE(status.detail.find("exceeds"), std::string::npos) << status.detail;
  EXPECT_FALSE(artefacts_->contains(sha256(*large)));
}

TEST_F(CompilerTest, AnswersExecutionsOfWhatItIsPreparing) {
  Compiler compiler(engine(), *artefacts_, 1, 100);
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
  Compiler compiler(engine(), *artefacts_, 1, 100);
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
  EXPECT_FALSE(compiler.busy());
}

TEST_F(CompilerTest, DoesNotLetExecutionsWaitBehindAPreloadOfAnother) {
  const auto other = shared(constant_module(1));
  save_artefact(code_);
  save_artefact(other);
  Compiler compiler(engine(), *artefacts_, 1, 100);
  bool kept = false;
  compiler.preload(sha256(*code_), [&](const std::shared_ptr<const CompiledModule>&) {
    kept = true;
    EXPECT_TRUE(compile(compiler, other).get());
  });
  EXPECT_TRUE(kept);
}

TEST_F(CompilerTest, DoesNotPreloadWhatAnExecutionWaitsFor) {
  Compiler compiler(engine(), *artefacts_, 1, 100);
  std::promise<void> go_on;
  const auto load = load_after(go_on);
  auto asked = compile(compiler, sha256(*code_), load);
  compiler.preload(sha256(*code_), [](const auto&) { ADD_FAILURE(); });
  EXPECT_TRUE(compiler.busy());
  go_on.set_value();
  EXPECT_TRUE(asked.get());
}

TEST_F(CompilerTest, CompilesNothingForAPreload) {
  Compiler compiler(engine(), *artefacts_, 1, 100);
  const auto digest = sha256(*code_);
  const auto fail = [](const std::shared_ptr<const CompiledModule>&) { ADD_FAILURE(); };
  compiler.preload(digest, fail);
  save_artefact(code_);
  spoil_artefact();
  compiler.preload(digest, fail);
  EXPECT_FALSE(compiler.busy());
  EXPECT_EQ(compiler.status(digest).state, CompileState::kReady);
  EXPECT_FALSE(artefacts_->contains(digest));
}

// Whether they come before, during or after it.
TEST_F(CompilerTest, AnswersExecutionsOfWhatCannotBePreloaded) {
  Compiler compiler(engine(), *artefacts_, 1, 100);
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
  Compiler compiler(engine(), *artefacts_, 1, 100);
  const auto bad = shared("not wasm at all");
  const auto compiled = compile(compiler, bad).get();
  ASSERT_FALSE(compiled);
  EXPECT_EQ(compiled.error().code, ErrorCode::kInvalidModule);
  EXPECT_EQ(compiler.status(sha256(*bad)).state, CompileState::kFailed);
  EXPECT_FALSE(compiler.status(sha256(*bad)).detail.empty());
}

TEST_F(CompilerTest, DoesNotTryAgainWhatFailed) {
  Compiler compiler(engine(), *artefacts_, 1, 100);
  const auto bad = shared("not wasm at all");
  const auto first = compile(compiler, bad).get();
  std::atomic<bool> tried{false};
  const auto load = [&]() -> Result<SharedBytes> {
    tried = true;
    return bad;
  };
  const auto again = compile(compiler, sha256(*bad), load).get();
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, first.error().code);
  EXPECT_EQ(again.error().message, first.error().message);
  EXPECT_FALSE(tried);
}

TEST_F(CompilerTest, RefusesExecutionsBeyondItsQueue) {
  std::promise<void> go_on;
  const std::shared_future<void> held = go_on.get_future().share();
  Compiler compiler(engine(), *artefacts_, 1, 4);
  std::vector<std::future<Compiled>> all;
  for (int i = 0; i < 20; ++i) {
    const auto code = shared(constant_module(i));
    auto load = [held, code]() -> Result<SharedBytes> {
      held.wait();  // so that nothing is done before all were asked for
      return code;
    };
    all.push_back(compile(compiler, sha256(*code), load));
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

TEST_F(CompilerTest, AnswersAllWhenItGoes) {
  std::vector<std::future<Compiled>> all;
  {
    Compiler compiler(engine(), *artefacts_, 1, 1000);
    for (int i = 0; i < 100; ++i) all.push_back(compile(compiler, shared(constant_module(i))));
  }
  for (auto& one : all) (void)one.get();  // a broken promise would throw
}

}  // namespace
}  // namespace wasm_server

#include "engine/code/code_compiler.h"

#include <gtest/gtest.h>

#include "testing/engine_fixture.h"

namespace wasm_server {
namespace {

using testing_engine::engine;
using testing_engine::wasm_of;

std::unique_ptr<CodeCompiler> make(Tier tier) {
  return CodeCompiler::make(EngineSettings{}.max_wasm_stack_bytes, tier, false).value();
}

TEST(CodeCompiler, MakesWhatTheEngineLoads) {
  const auto artefact = make(Tier::kOptimized)->compile(wasm_of(testing_engine::kSum)).value();
  const auto module = CompiledModule::load(engine(), artefact).value();
  EXPECT_EQ(module->tier(), Tier::kOptimized);
  EXPECT_FALSE(module->link_error());
}

TEST(CodeCompiler, MakesBaselineCodeForTheBaselineTier) {
  const auto artefact = make(Tier::kBaseline)->compile(wasm_of(testing_engine::kSum)).value();
  const auto module = CompiledModule::load(engine(), artefact, Tier::kBaseline).value();
  EXPECT_EQ(module->tier(), Tier::kBaseline);
  EXPECT_FALSE(CompiledModule::load(engine(), artefact)) << "it is no optimised code";
}

TEST(CodeCompiler, SaysWhatIsNoModule) {
  const auto artefact = make(Tier::kOptimized)->compile("not wasm");
  ASSERT_FALSE(artefact);
  EXPECT_EQ(artefact.error().code, ErrorCode::kInvalidModule);
}

}  // namespace
}  // namespace wasm_server

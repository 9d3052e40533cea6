#include "services/modules.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compile/artefacts.h"
#include "runner/runner.h"
#include "runner/store_job_log.h"
#include "services/after_commit.h"
#include "testing/engine_fixture.h"
#include "testing/eventually.h"
#include "testing/manual_clock.h"
#include "testing/modules.h"
#include "testing/temporary_directory.h"
#include "testing/test_store.h"

namespace wasm_server {
namespace {

using testing::HasSubstr;
using testing_engine::kSum;
using testing_engine::wasm_of;

constexpr std::string_view kOther = "(module (func (export \"other\")))";

class ModulesTest : public testing::Test {
 protected:
  using Written = Result<WasmMetaData>;

  ModulesTest() {
    runner_.on_commit(
        AfterCommit{store_, compiler_, module_cache_, sweeper_, authenticator_, executions_});
    runner_.start();
  }
  ~ModulesTest() override {
    channel_.close();
    runner_.stop();
  }

  // Waits for a write, on an event loop of its own.
  static Written await(Task<Written> task) {
    asio::io_context loop(1);
    auto written = asio::co_spawn(loop, std::move(task), asio::use_future);
    loop.run();
    return written.get();
  }

  Written save(std::string_view id, std::string_view wat) {
    WasmRequest request;
    request.id = id;
    request.wasm = wasm_of(wat);
    return await(modules_.save(std::move(request)));
  }

  Written save_text(Bytes text) {
    WasmRequest request;
    request.text = std::move(text);
    return await(modules_.save(std::move(request)));
  }

  Written modify(WasmRequest request) {
    request.id = "m";
    return await(modules_.modify(std::move(request)));
  }

  Written remove(std::string_view id) { return await(modules_.remove(std::string(id), {})); }

  static ErrorCode code_of(const auto& result) {
    EXPECT_FALSE(result);
    return result ? ErrorCode::kInternal : result.error().code;
  }

  TemporaryDirectory directory_;
  TestStore test_store_;
  const ModuleRepository& store_ = test_store_.modules();
  Engine& engine_ = testing_engine::engine();
  std::unique_ptr<Artefacts> artefacts_ =
      Artefacts::open((directory_.path() / "artefacts").string(), engine_, "secret").value();
  Compiler compiler_{engine_, *artefacts_, CompilerSettings{.queue = 16, .start_ahead = false}};
  ModuleCache module_cache_{store_, compiler_, {.bytes = 1U << 20, .mapped = 10, .files = 10}};
  ArtefactSweeper sweeper_{store_, *artefacts_};
  ManualClock clock_{Clock::TimePoint{std::chrono::milliseconds{1'000}}};
  TokenRepository token_repository_{*test_store_};
  Authenticator authenticator_{token_repository_, clock_};
  ExecutionLog executions_{{}, 1};
  JobChannel channel_{JobChannel::Capacity{}};
  StoreJobLog log_{*test_store_};
  Runner runner_{*test_store_, log_, channel_.rx()};
  CodeInspector inspector_{InspectorSettings{}};
  CodeChecker code_checker_{inspector_, {}};
  HelperPool helpers_{1, 4};
  BlobCache blobs_{store_, {}};
  LimitsConfig limits_;
  MemoryBudget memory_{1U << 30};
  Modules modules_{Modules::Parts{store_, channel_, engine_, compiler_, code_checker_, helpers_,
                                  blobs_, limits_, clock_, memory_}};
};

TEST_F(ModulesTest, SavesWhatIsFoundAndReadThen) {
  const auto saved = save("m", kSum);
  ASSERT_TRUE(saved);
  EXPECT_EQ(saved->run_function, "f");
  EXPECT_EQ(modules_.find("m"), *saved);
  EXPECT_EQ(*modules_.read_code(*saved).value(), wasm_of(kSum));
  EXPECT_EQ(code_of(save("m", kSum)), ErrorCode::kConflict);
}

TEST_F(ModulesTest, StoresTheTimesOfItsClock) {
  EXPECT_EQ(save("m", kSum)->created_at, 1'000);
  clock_.advance(std::chrono::hours{24});
  const auto modified = modify({});
  ASSERT_TRUE(modified);
  EXPECT_EQ(modified->created_at, 1'000);
  EXPECT_EQ(modified->updated_at, 1'000 + 86'400'000);
}

TEST_F(ModulesTest, ChangesOnlyWhatARequestNames) {
  ASSERT_TRUE(save("m", kSum));
  WasmRequest labels;
  labels.labels = StringMap{{"a", "b"}};
  EXPECT_EQ(modify(std::move(labels))->run_function, "f");
  WasmRequest code;
  code.wasm = wasm_of(kOther);
  const auto modified = modify(std::move(code));
  ASSERT_TRUE(modified);
  EXPECT_EQ(modified->run_function, "other");
  EXPECT_EQ(modified->labels, (StringMap{{"a", "b"}}));
  EXPECT_EQ(modified->revision, 3U);
  EXPECT_EQ(modules_.find("m", 1)->run_function, "f");
}

TEST_F(ModulesTest, StoresTextAsTheBinaryThatItCompilesTo) {
  EXPECT_EQ(save_text("(module)")->digest, sha256(Bytes("\0asm\1\0\0\0", 8)));
  const auto refused = save_text("(module\n  (func oops))");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidModule);
  EXPECT_THAT(refused.error().message, HasSubstr("2"));  // the line
}

TEST_F(ModulesTest, TakesTextUpToItsBound) {
  const std::string module = "(module)";
  Bytes text = module + Bytes(kMaxTextBytes - module.size(), ' ');
  EXPECT_TRUE(save_text(text));
  const auto refused = save_text(text + ' ');
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kPayloadTooLarge);
  EXPECT_THAT(refused.error().message, HasSubstr("8388608"));
}

TEST_F(ModulesTest, ChecksLargeCodeOnAnotherThread) {
  const std::string large = "(module (memory 10) (data (i32.const 0) \"" +
                            std::string(300'000, 'x') + "\") (func (export \"f\")))";
  EXPECT_TRUE(save("large", large));
  helpers_.stop();
  EXPECT_EQ(code_of(save("later", large)), ErrorCode::kOverloaded);
  EXPECT_TRUE(save("small", kSum));
}

TEST_F(ModulesTest, RefusesWithoutAJobWhatItCanTellItself) {
  runner_.on_commit([](const WasmJob&, const JobResult&) { FAIL() << "a job was committed"; });
  WasmRequest request;
  request.wasm = "not wasm";
  EXPECT_EQ(code_of(await(modules_.save(request))), ErrorCode::kInvalidModule);
  request.wasm = wasm_of(kSum);
  request.function = "nobody";
  EXPECT_EQ(code_of(await(modules_.save(request))), ErrorCode::kBadRequest);
  request.function = "f";
  request.limits.emplace().timeout_ms = 0;
  EXPECT_EQ(code_of(await(modules_.save(request))), ErrorCode::kBadRequest);
}

TEST_F(ModulesTest, RemovesAModuleWithItsCode) {
  const auto saved = save("m", kSum);
  EXPECT_EQ(code_of(await(modules_.remove("m", {.if_match = {"other"}}))),
            ErrorCode::kPreconditionFailed);
  EXPECT_EQ(remove("m"), *saved);
  EXPECT_EQ(code_of(modules_.find("m")), ErrorCode::kNotFound);
  EXPECT_EQ(code_of(modules_.read_code(*saved)), ErrorCode::kNotFound);
  EXPECT_EQ(code_of(remove("m")), ErrorCode::kNotFound);
}

TEST_F(ModulesTest, GoesBackThroughTheRevisionsOfOneModuleOnly) {
  ASSERT_TRUE(save("m", kSum));
  const auto second = modify({});
  const auto first = modules_.revision_before(*second);
  EXPECT_EQ((*first)->revision, 1U);
  EXPECT_EQ(modules_.revision_before(**first).value(), std::nullopt);
  ASSERT_TRUE(remove("m"));
  EXPECT_EQ(code_of(modules_.revision_before(*second)), ErrorCode::kNotFound);
  clock_.advance(std::chrono::seconds{1});
  ASSERT_TRUE(save("m", kSum));
  EXPECT_EQ(code_of(modules_.revision_before(*second)), ErrorCode::kNotFound) << "another module";
}

TEST_F(ModulesTest, SaysWhatIsMissing) {
  ASSERT_TRUE(save("m", kSum));
  EXPECT_THAT(modules_.find("nobody").error().message, HasSubstr("\"nobody\""));
  EXPECT_THAT(modules_.find("m", 7).error().message, HasSubstr("revision 7"));
}

TEST_F(ModulesTest, HasNewCodeCompiled) {
  const auto saved = save("m", kOther);
  EXPECT_TRUE(eventually([&] { return artefacts_->contains(saved->digest); }));
  // The artefact is there a moment before the compiler says so.
  EXPECT_TRUE(
      eventually([&] { return modules_.status_of(*saved).compile.state == CompileState::kReady; }));
}

TEST_F(ModulesTest, SaysWhichLimitsAModuleGets) {
  WasmMetaData meta_data;
  meta_data.limits.timeout_ms = 400'000;  // stored before the operator's maximum was lowered
  const ModuleStatus status = modules_.status_of(meta_data);
  EXPECT_EQ(status.limits.timeout_ms, 300'000U);
  EXPECT_EQ(status.limits.output_bytes, 8U << 20);
}

}  // namespace
}  // namespace wasm_server

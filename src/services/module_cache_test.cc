#include "services/module_cache.h"

#include <optional>
#include <string>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compile/artefacts.h"
#include "engine/inspect/inspect.h"
#include "testing/engine_fixture.h"
#include "testing/eventually.h"
#include "testing/temporary_directory.h"
#include "testing/test_store.h"

namespace wasm_server {
namespace {

using testing_engine::engine;
using Module = ModuleCache::Module;

// With a memory, whose image may take a file.
std::string constant(int value) {
  return "(module (memory 1) (func (export \"f\") (result i32) i32.const " + std::to_string(value) +
         "))";
}

constexpr CodeCost kWide{.bytes = 64U << 20, .mapped = 1'000, .files = 1'000};

class ModuleCacheTest : public testing::Test {
 protected:
  // Stores the text as the next revision of `id`.
  void put(const std::string& id, const std::string& wat, std::uint64_t revision = 1) {
    const auto code = std::make_shared<const Bytes>(testing_engine::wasm_of(wat));
    WasmMetaData meta_data;
    meta_data.id = id;
    meta_data.revision = revision;
    meta_data.digest = sha256(*code);
    meta_data.size = code->size();
    meta_data.run_function = "f";
    meta_data.info = inspect(*code)->info;
    ASSERT_TRUE(put_module(*test_store_, meta_data, *code));
  }

  void erase(const std::string& id) { ASSERT_TRUE(erase_module(*test_store_, id)); }

  Result<Module> load(const std::string& id, std::optional<std::uint64_t> revision = {}) {
    Result<Module> loaded;
    asio::io_context context;
    asio::co_spawn(
        context, cache_.load(id, revision, max_wait_),
        [&](const std::exception_ptr&, Result<Module> result) { loaded = std::move(result); });
    context.run();
    return loaded;
  }

  void load_into(ModuleCache& cache, const std::string& id) {
    asio::io_context context;
    asio::co_spawn(context, cache.load(id, {}, max_wait_),
                   [](const std::exception_ptr&, const Result<Module>&) {});
    context.run();
  }

  TestStore test_store_;
  const ModuleRepository& store_ = test_store_.modules();
  ModuleCache::MaxWait max_wait_ = [](const WasmMetaData&) { return std::chrono::seconds(60); };
  TemporaryDirectory temporary_;
  std::unique_ptr<Artefacts> artefacts_ =
      Artefacts::open((temporary_.path() / "a").string(), engine(), "secret").value();
  Compiler compiler_{engine(), *artefacts_, CompilerSettings{.queue = 100, .start_ahead = false}};
  ModuleCache cache_{store_, compiler_, kWide};
};

TEST_F(ModuleCacheTest, FindsWhatItLoaded) {
  put("a", constant(1));
  EXPECT_EQ(cache_.find("a", {}), nullptr);
  const auto loaded = load("a").value();
  EXPECT_EQ(cache_.find("a", {}), loaded);
  EXPECT_NE(loaded->find_function("f"), nullptr);
  EXPECT_EQ(loaded->find_function("g"), nullptr);
}

TEST_F(ModuleCacheTest, ReportsAModuleThatIsNotThere) {
  const auto loaded = load("nobody");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, ErrorCode::kNotFound);
}

TEST_F(ModuleCacheTest, CountsWhatAModuleExports) {
  std::string many = "(module (func $f)";
  for (int i = 0; i < 1'000; ++i) {
    many += "(export \"" + std::string(100, 'x') + std::to_string(i) + "\" (func $f))";
  }
  put("many", many + ")");
  ASSERT_TRUE(load("many"));
  EXPECT_GT(cache_.bytes(), 150'000U);
  erase("many");
  EXPECT_EQ(cache_.find("many", {}), nullptr);
  EXPECT_EQ(cache_.bytes(), 0U);
}

TEST_F(ModuleCacheTest, KeepsAModuleAcrossTheWritesOfOthers) {
  put("a", constant(1));
  const auto loaded = load("a").value();
  put("b", constant(2));
  EXPECT_EQ(cache_.find("a", {}), loaded);
}

TEST_F(ModuleCacheTest, NeverReturnsAReplacedRevision) {
  put("a", constant(1));
  load("a").value();
  put("a", constant(2), 2);
  EXPECT_EQ(cache_.find("a", {}), nullptr);
  EXPECT_EQ(load("a").value()->meta_data.revision, 2U);
}

TEST_F(ModuleCacheTest, NeverReturnsADeletedModule) {
  put("a", constant(1));
  load("a").value();
  erase("a");
  EXPECT_EQ(cache_.find("a", {}), nullptr);
  EXPECT_EQ(cache_.bytes(), 0U);
  EXPECT_FALSE(load("a"));
}

TEST_F(ModuleCacheTest, KeepsOlderRevisionsUnderTheirNumber) {
  put("a", constant(1));
  put("a", constant(2), 2);
  const auto old = load("a", 1).value();
  EXPECT_EQ(old->meta_data.revision, 1U);
  EXPECT_EQ(cache_.find("a", 1), old);
  EXPECT_EQ(cache_.find("a", {}), nullptr);
}

TEST_F(ModuleCacheTest, ForgetsAllRevisionsOfAModule) {
  put("a", constant(1));
  put("a", constant(2), 2);
  put("ab", constant(3));
  load("a").value();
  load("a", 1).value();
  load("ab").value();
  cache_.forget("a");
  EXPECT_EQ(cache_.find("a", {}), nullptr);
  EXPECT_EQ(cache_.find("a", 1), nullptr);
  EXPECT_NE(cache_.find("ab", {}), nullptr);
  cache_.forget("ab");
  EXPECT_EQ(cache_.bytes(), 0U);
}

TEST_F(ModuleCacheTest, CountsSharedCodeOnce) {
  put("a", constant(1));
  load("a").value();
  const auto one = cache_.bytes();
  put("b", constant(1));
  load("b").value();
  EXPECT_LT(cache_.bytes(), 2 * one);
  EXPECT_EQ(load("a").value()->code, load("b").value()->code);
}

TEST_F(ModuleCacheTest, DropsTheLeastRecentlyUsedBeyondItsBytes) {
  ModuleCache small(store_, compiler_, {.bytes = 1, .mapped = 1'000, .files = 1'000});
  for (const std::string id : {"a", "b"}) {
    put(id, constant(id[0]));
    load_into(small, id);
  }
  EXPECT_EQ(small.find("a", {}), nullptr);
  EXPECT_NE(small.find("b", {}), nullptr);
}

// Large enough for baseline code: many functions of some size.
std::string large_module() {
  std::string wat = "(module (func (export \"f\") (result i32) i32.const 7)";
  for (int i = 0; i < 4000; ++i) {
    wat += "(func (param i32 i32) (result i32)";
    for (int j = 0; j < 12; ++j)
      wat += " local.get 0 local.get 1 i32.mul local.get 0 i32.add local.set 1";
    wat += " local.get 1)";
  }
  return wat + ")";
}

TEST_F(ModuleCacheTest, ReplacesBaselineCodeByOptimizedCode) {
  put("large", large_module());
  ASSERT_GT(store_.find("large").value()->size, 256U << 10);
  auto module = load("large").value();
  while (module->code->tier() == Tier::kBaseline) {
    auto found = cache_.find("large", {});
    module = found != nullptr ? found : load("large").value();
  }
  EXPECT_EQ(cache_.find("large", {})->code->tier(), Tier::kOptimized);
}

TEST_F(ModuleCacheTest, DoesNotCompileWhatCannotRun) {
  put("a", R"((module (import "env" "launch" (func)) (func (export "f"))))");
  const auto loaded = load("a").value();
  ASSERT_TRUE(loaded->code->link_error());
  EXPECT_THAT(loaded->code->link_error()->message, testing::HasSubstr("env.launch"));
  EXPECT_EQ(cache_.find("a", {}), loaded);
  // Whatever was compiled has left an artefact.
  EXPECT_FALSE(artefacts_->contains(loaded->meta_data.digest));
}

// Code that was loaded before anybody asked for it.
class PreloadedCodeTest : public ModuleCacheTest {
 protected:
  static Digest digest_of(int value) { return sha256(testing_engine::wasm_of(constant(value))); }
  static std::shared_ptr<const CompiledModule> code_of(int value) {
    return testing_engine::compile(constant(value));
  }
};

TEST_F(PreloadedCodeTest, IsTakenByTheModulesThatHaveIt) {
  put("a", constant(1));
  put("b", constant(1));
  const auto code = code_of(1);
  ASSERT_TRUE(cache_.add_preloaded(digest_of(1), code));
  EXPECT_EQ(load("a").value()->code, code);
  EXPECT_EQ(load("b").value()->code, code);
  EXPECT_FALSE(artefacts_->contains(digest_of(1))) << "nothing was compiled";
  cache_.forget("a");
  cache_.forget("b");
  EXPECT_EQ(cache_.bytes(), 0U);
}

TEST_F(PreloadedCodeTest, IsNotTakenForAnOlderRevisionsSuccessor) {
  put("a", constant(1));
  ASSERT_TRUE(cache_.add_preloaded(digest_of(1), code_of(1)));
  put("a", constant(2), 2);
  EXPECT_EQ(load("a").value()->meta_data.digest, digest_of(2));
  // It is saved behind the back of who waits for the code.
  EXPECT_TRUE(eventually([&] { return artefacts_->contains(digest_of(2)); })) << "compiled";
  erase("a");
  EXPECT_FALSE(load("a"));
}

TEST_F(PreloadedCodeTest, PushesNothingOut) {
  ModuleCache one(store_, compiler_, {.bytes = 64U << 20, .mapped = 1'000, .files = 1});
  put("a", constant(1));
  load_into(one, "a");
  EXPECT_FALSE(one.add_preloaded(digest_of(2), code_of(2)));
  EXPECT_NE(one.find("a", {}), nullptr);
}

TEST_F(PreloadedCodeTest, MakesWayForWhatIsExecuted) {
  ModuleCache two(store_, compiler_, {.bytes = 64U << 20, .mapped = 1'000, .files = 2});
  put("a", constant(1));
  put("b", constant(2));
  ASSERT_TRUE(two.add_preloaded(digest_of(3), code_of(3)));
  load_into(two, "a");
  const auto with_both = two.bytes();
  load_into(two, "b");
  EXPECT_NE(two.find("a", {}), nullptr);
  EXPECT_NE(two.find("b", {}), nullptr);
  two.forget("b");
  EXPECT_LT(two.bytes(), with_both);
}

TEST_F(PreloadedCodeTest, IsDroppedUnlessItIsInUse) {
  put("a", constant(1));
  ASSERT_TRUE(cache_.add_preloaded(digest_of(2), code_of(2)));
  cache_.drop_preloaded(digest_of(2));
  EXPECT_EQ(cache_.bytes(), 0U);
  const auto code = code_of(1);
  ASSERT_TRUE(cache_.add_preloaded(digest_of(1), code));
  ASSERT_TRUE(load("a"));
  cache_.drop_preloaded(digest_of(1));
  put("b", constant(1));
  EXPECT_EQ(load("b").value()->code, code);
}

TEST_F(ModuleCacheTest, TellsWhatWasUsedLast) {
  put("a", constant(1));
  put("b", constant(2));
  put("same", constant(2));
  for (const std::string id : {"a", "b", "same"}) ASSERT_TRUE(load(id));
  const auto a = load("a").value()->meta_data.digest;
  const auto b = load("b").value()->meta_data.digest;
  EXPECT_EQ(cache_.last_used(10), (std::vector{b, a}));
  ASSERT_NE(cache_.find("a", {}), nullptr);
  EXPECT_EQ(cache_.last_used(10), (std::vector{a, b}));
  EXPECT_EQ(cache_.last_used(1), std::vector{a});
}

TEST_F(ModuleCacheTest, HoldsNoMoreFilesThanItsBound) {
  ModuleCache few(store_, compiler_, {.bytes = 64U << 20, .mapped = 1'000, .files = 2});
  for (int i = 0; i < 4; ++i) {
    const std::string id = "m" + std::to_string(i);
    put(id, constant(i));
    ASSERT_TRUE(load(id)) << "compiled and stored as an artefact";
    load_into(few, id);
  }
  EXPECT_EQ(few.find("m0", {}), nullptr);
  EXPECT_EQ(few.find("m1", {}), nullptr);
  EXPECT_NE(few.find("m2", {}), nullptr);
  EXPECT_NE(few.find("m3", {}), nullptr);
}

TEST_F(ModuleCacheTest, HoldsSmallModulesWithoutMemoryByTheirBytesAlone) {
  ModuleCache none_mapped(store_, compiler_, {.bytes = 64U << 20, .mapped = 1, .files = 1});
  for (int i = 0; i < 5; ++i) {
    const std::string id = "m" + std::to_string(i);
    put(id, "(module (func (export \"f\") (result i32) i32.const " + std::to_string(i) + "))");
    load_into(none_mapped, id);
  }
  for (int i = 0; i < 5; ++i) EXPECT_NE(none_mapped.find("m" + std::to_string(i), {}), nullptr);
}

TEST_F(ModuleCacheTest, LoadsWhatIsAtHandWithoutTheCompiler) {
  put("a", constant(1));
  const auto compiled = load("a").value();
  const auto digest = compiled->meta_data.digest;  // its artefact is written after the answer
  while (compiler_.status(digest).state != CompileState::kReady) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));  // leaves it the core
  }
  Compiler refuses(engine(), *artefacts_, CompilerSettings{.queue = 0});
  ModuleCache cache(store_, refuses, kWide);
  load_into(cache, "a");
  EXPECT_NE(cache.find("a", {}), nullptr);
  put("b", constant(2));
  load_into(cache, "b");
  EXPECT_EQ(cache.find("b", {}), nullptr) << "has no artefact";
}

}  // namespace
}  // namespace wasm_server

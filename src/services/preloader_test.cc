#include "services/preloader.h"

#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <gtest/gtest.h>

#include "testing/engine_fixture.h"
#include "testing/modules.h"
#include "testing/temporary_directory.h"
#include "testing/test_store.h"

namespace wasm_server {
namespace {

using testing_engine::engine;

constexpr Preloader::Bounds kWide{.codes = 100, .bytes = 64U << 20};

class PreloaderTest : public testing::Test {
 protected:
  // Stored under `id`, with an artefact; returns the code's digest.
  Digest store(std::string_view id, std::string_view wat) {
    const auto wasm = testing_engine::wasm_of(wat);
    EXPECT_TRUE(put_module(*test_store_, id, wasm));
    return save(wat);
  }
  // Only the artefact.
  Digest save(std::string_view wat) {
    const auto digest = sha256(testing_engine::wasm_of(wat));
    EXPECT_TRUE(artefacts_->save(digest, testing_engine::compile(wat)->serialize().value()));
    return digest;
  }
  static std::string constant(int value) {
    return "(module (memory 1) (func (export \"f\") (result i32) i32.const " +
           std::to_string(value) + "))";
  }
  static std::string with_data(std::size_t size) {
    return "(module (memory 9) (data (i32.const 0) \"" + std::string(size, 'x') + "\"))";
  }
  // What its code counts in the cache.
  std::size_t bytes_of(const Digest& digest) const {
    return artefacts_->load(digest).value()->cost().bytes;
  }

  void wait_for_bytes(std::size_t bytes) const {
    while (cache_.bytes() != bytes) std::this_thread::yield();
  }
  bool load(const std::string& id) {
    bool loaded = false;
    const auto max_wait = [](const WasmMetaData&) { return std::chrono::seconds(60); };
    asio::io_context context;
    asio::co_spawn(context, cache_.load(id, {}, max_wait),
                   [&](const std::exception_ptr&, const Result<ModuleCache::Module>& result) {
                     loaded = result.has_value();
                   });
    context.run();
    return loaded;
  }
  // Whether an execution of `id` finds the code loaded: without its artefact it would compile it,
  // which leaves a new one.
  bool is_loaded(const std::string& id, const Digest& digest) {
    artefacts_->remove(digest);
    EXPECT_TRUE(load(id));
    // The artefact is written after the answer.
    while (compiler_.status(digest).state == CompileState::kCompiling) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));  // leaves it the core
    }
    return !artefacts_->contains(digest);
  }

  TemporaryDirectory temporary_;
  TestStore test_store_;
  const ModuleRepository& store_ = test_store_.modules();
  std::unique_ptr<Artefacts> artefacts_ =
      Artefacts::open((temporary_.path() / "a").string(), engine(), "secret").value();
  Compiler compiler_{engine(), *artefacts_, CompilerSettings{.queue = 100, .start_ahead = false}};
  ModuleCache cache_{store_, compiler_, {.bytes = 64U << 20, .mapped = 1'000, .files = 1'000}};
};

TEST_F(PreloaderTest, LoadsWhatWasUsedLast) {
  std::vector<Digest> digests;
  for (int i = 0; i < 3; ++i) digests.push_back(store("m" + std::to_string(i), constant(i)));
  artefacts_->mark_used(std::array{digests[2], digests[0]});
  Preloader preloader(store_, *artefacts_, compiler_, cache_, {.codes = 2, .bytes = 64U << 20});
  preloader.start();
  wait_for_bytes(bytes_of(digests[2]) + bytes_of(digests[0]));
  EXPECT_TRUE(is_loaded("m0", digests[0]));
  EXPECT_FALSE(is_loaded("m1", digests[1]));
  EXPECT_TRUE(is_loaded("m2", digests[2]));
}

TEST_F(PreloaderTest, RemembersWhatWasExecutedLast) {
  const auto first = store("first", constant(1));
  const auto second = store("second", constant(2));
  const auto third = store("third", constant(3));
  for (const std::string id : {"second", "first"}) ASSERT_TRUE(load(id));
  artefacts_->mark_used({&third, 1});
  const Preloader preloader(store_, *artefacts_, compiler_, cache_, kWide);
  preloader.remember();
  const auto used = artefacts_->last_used(10, [] { return true; });
  ASSERT_EQ(used.size(), 3U);
  EXPECT_EQ(used[0].digest, first);
  EXPECT_EQ(used[1].digest, second);
  EXPECT_EQ(used[2].digest, third);
}

TEST_F(PreloaderTest, LoadsNoMoreThanItsBytes) {
  const auto small = store("small", constant(1));
  const auto large = store("large", with_data(200'000));
  artefacts_->mark_used(std::array{large, small});
  Preloader preloader(store_, *artefacts_, compiler_, cache_, {.codes = 100, .bytes = 150'000});
  preloader.start();
  wait_for_bytes(bytes_of(small));
  EXPECT_TRUE(is_loaded("small", small));
  EXPECT_FALSE(is_loaded("large", large));
}

TEST_F(PreloaderTest, StopsWhereTheCacheIsFull) {
  const auto latest = store("latest", constant(1));
  const auto older = store("older", constant(2));
  artefacts_->mark_used(std::array{latest, older});
  ModuleCache one(store_, compiler_, {.bytes = 64U << 20, .mapped = 1'000, .files = 1});
  Preloader preloader(store_, *artefacts_, compiler_, one, kWide);
  preloader.start();
  while (one.bytes() != bytes_of(latest)) std::this_thread::yield();
  preloader.stop();
  EXPECT_EQ(one.bytes(), bytes_of(latest));
}

TEST_F(PreloaderTest, KeepsNothingThatIsNotStored) {
  const auto gone = save(with_data(500'000));
  const auto kept = store("kept", constant(1));
  artefacts_->mark_used(std::array{gone, kept});  // in this order
  Preloader preloader(store_, *artefacts_, compiler_, cache_, kWide);
  preloader.start();
  wait_for_bytes(bytes_of(kept));
  EXPECT_TRUE(is_loaded("kept", kept));
}

TEST_F(PreloaderTest, PassesOverWhatDoesNotLoad) {
  const auto bad = store("bad", constant(1));
  const auto file = std::filesystem::directory_iterator(temporary_.path() / "a")->path();
  std::filesystem::resize_file(file, 100);
  const auto good = store("good", constant(2));
  artefacts_->mark_used(std::array{bad, good});
  Preloader preloader(store_, *artefacts_, compiler_, cache_, kWide);
  preloader.start();
  wait_for_bytes(bytes_of(good));
  EXPECT_FALSE(artefacts_->contains(bad)) << "nor compiled again";
  EXPECT_TRUE(is_loaded("good", good));
  EXPECT_TRUE(load("bad"));
}

}  // namespace
}  // namespace wasm_server

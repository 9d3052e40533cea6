#include "compile/artefact_sweeper.h"

#include <filesystem>
#include <memory>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "testing/engine_fixture.h"
#include "testing/temporary_directory.h"
#include "testing/test_store.h"

namespace wasm_server {
namespace {

using testing_engine::engine;

class ArtefactSweeperTest : public testing::Test {
 protected:
  // An artefact under this name; what is in it does not matter here.
  void save(std::string_view code) { ASSERT_TRUE(artefacts_->save(sha256(code), artefact_)); }
  void store(std::string_view id, std::string_view code) {
    ASSERT_TRUE(put_module(*test_store_, id, code));
  }
  bool has(std::string_view code) const { return artefacts_->contains(sha256(code)); }
  void wait_until_gone(std::string_view code) const {
    while (has(code)) std::this_thread::yield();
  }
  void look_at(std::string_view code) {
    const auto digest = sha256(code);
    sweeper_.look_at({&digest, 1});
  }

  TemporaryDirectory temporary_;
  std::unique_ptr<Artefacts> artefacts_ =
      Artefacts::open((temporary_.path() / "a").string(), engine(), "secret").value();
  Bytes artefact_ = testing_engine::compile(testing_engine::kSum)->serialize().value();
  TestStore test_store_;
  const ModuleRepository& store_ = test_store_.modules();
  ArtefactSweeper sweeper_{store_, *artefacts_};
};

TEST_F(ArtefactSweeperTest, RemovesAtTheStartWhatACrashLeft) {
  store("m", "stored");
  for (const auto* code : {"stored", "gone", "gone too"}) save(code);
  sweeper_.start();
  wait_until_gone("gone");
  wait_until_gone("gone too");
  EXPECT_TRUE(has("stored"));
}

TEST_F(ArtefactSweeperTest, RemovesWhatItIsToldOf) {
  sweeper_.start();
  save("freed");
  look_at("freed");
  wait_until_gone("freed");
}

TEST_F(ArtefactSweeperTest, LeavesWhatWasStoredAgain) {
  sweeper_.start();
  store("m", "again");  // first: the sweep of the start may still be on its way
  for (const auto* code : {"again", "freed"}) save(code);
  look_at("again");
  look_at("freed");
  wait_until_gone("freed");  // comes after the other
  EXPECT_TRUE(has("again"));
}

TEST_F(ArtefactSweeperTest, LeavesWhatItWasToldOfBeforeAStop) {
  sweeper_.start();
  sweeper_.stop();
  save("freed");
  look_at("freed");
  EXPECT_TRUE(has("freed"));
}

}  // namespace
}  // namespace wasm_server

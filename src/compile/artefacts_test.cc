#include "compile/artefacts.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "testing/engine_fixture.h"
#include "testing/temporary_directory.h"

namespace wasm_server {
namespace {

namespace fs = std::filesystem;
using testing_engine::engine;

const std::string kSecret(32, 's');

class ArtefactsTest : public testing::Test {
 protected:
  std::unique_ptr<Artefacts> open(const std::string& secret = kSecret) const {
    return Artefacts::open(directory(), engine(), secret).value();
  }
  std::string directory() const { return (temporary_.path() / "artefacts").string(); }

  // The only file there.
  fs::path file() const {
    const auto entry = *fs::directory_iterator(directory());
    return entry.path();
  }
  std::string content() const {
    std::ifstream in(file(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void replace(const std::string& content) const {
    std::ofstream(file(), std::ios::binary | std::ios::trunc) << content;
  }
  bool loads(const Artefacts& artefacts) const { return artefacts.load(digest_).has_value(); }

  TemporaryDirectory temporary_;
  Bytes wasm_ = testing_engine::wasm_of(testing_engine::kSum);
  Digest digest_ = sha256(wasm_);
  Bytes artefact_ = CompiledModule::compile(engine(), wasm_).value()->serialize().value();
};

TEST_F(ArtefactsTest, RunsWhatItLoads) {
  const auto artefacts = open();
  ASSERT_TRUE(artefacts->save(digest_, artefact_));
  testing_engine::TestCall call;
  call.module = artefacts->load(digest_).value();
  call.called = {.name = "f", .param = {}, .result = {ValueType::kI32}};
  call.args = {Value::bits(2), Value::bits(40)};
  const auto running = make_runnable(std::move(call));
  while (running->poll() != Runnable::Progress::kFinished) {
  }
  EXPECT_EQ(std::get<Returned>(running->take_result().outcome).results[0].low(), 42U);
}

TEST_F(ArtefactsTest, SurviveARestart) {
  ASSERT_TRUE(open()->save(digest_, artefact_));
  EXPECT_TRUE(loads(*open()));
}

TEST_F(ArtefactsTest, AreReadableByTheirOwnerOnly) {
  ASSERT_TRUE(open()->save(digest_, artefact_));
  EXPECT_EQ(fs::status(file()).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(fs::status(directory()).permissions(), fs::perms::owner_all);
}

TEST_F(ArtefactsTest, RefuseEveryAlteredByte) {
  const auto artefacts = open();
  ASSERT_TRUE(artefacts->save(digest_, artefact_));
  const auto good = content();
  for (std::size_t i = 0; i < good.size(); i += good.size() / 50 + 1) {
    ASSERT_TRUE(artefacts->save(digest_, artefact_));
    auto bad = content();
    bad[i] = static_cast<char>(bad[i] ^ 1);
    replace(bad);
    EXPECT_FALSE(loads(*artefacts)) << "byte " << i;
  }
}

// Files are checked piece by piece: one byte in each 16 KB.
TEST_F(ArtefactsTest, RefuseAnAlteredByteAnywhereInALargeFile) {
  const auto wasm = testing_engine::wasm_of("(module (memory 16) (data (i32.const 0) \"" +
                                            std::string(300'000, 'x') + "\"))");
  const auto module = CompiledModule::compile(engine(), wasm).value();
  const auto artefacts = open();
  ASSERT_TRUE(artefacts->save(digest_, module->serialize().value()));
  EXPECT_TRUE(loads(*artefacts));
  const auto good = content();
  const auto path = file();
  ASSERT_GT(good.size(), 300'000U);
  for (std::size_t i = 0; i < good.size(); i += 16U << 10) {
    auto bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    std::ofstream(path, std::ios::binary) << bad;
    EXPECT_FALSE(loads(*artefacts)) << "byte " << i;
  }
}

TEST_F(ArtefactsTest, RefuseACutFileAndRemoveIt) {
  const auto artefacts = open();
  ASSERT_TRUE(artefacts->save(digest_, artefact_));
  const auto good = content();
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{10}, good.size() / 2, good.size() - 1}) {
    ASSERT_TRUE(artefacts->save(digest_, artefact_));
    replace(good.substr(0, size));
    EXPECT_FALSE(loads(*artefacts)) << size;
    EXPECT_TRUE(fs::is_empty(directory()));
  }
}

TEST_F(ArtefactsTest, RefuseWhatAnotherServerWrote) {
  ASSERT_TRUE(open(std::string(32, 'x'))->save(digest_, artefact_));
  EXPECT_FALSE(loads(*open()));
}

TEST_F(ArtefactsTest, RefuseAnotherModulesArtefactUnderThisName) {
  const auto artefacts = open();
  const auto other = sha256("other");
  ASSERT_TRUE(artefacts->save(other, artefact_));
  const auto foreign = content();
  artefacts->remove(other);
  ASSERT_TRUE(artefacts->save(digest_, artefact_));
  replace(foreign);
  EXPECT_FALSE(loads(*artefacts));
}

TEST_F(ArtefactsTest, DoNotLoadThoseOfAnOlderEngine) {
  ASSERT_TRUE(open()->save(digest_, artefact_));
  fs::rename(file(), fs::path(directory()) / (to_hex(digest_) + "-0123456789abcdef.cwasm"));
  EXPECT_FALSE(loads(*open()));
}

TEST_F(ArtefactsTest, RemoveWhatOlderEnginesCrashesAndDeletedModulesLeft) {
  ASSERT_TRUE(open()->save(digest_, artefact_));
  const auto kept = file();
  const auto deleted = sha256("deleted");
  const std::string suffix = kept.filename().string().substr(64);
  for (const std::string& name :
       {to_hex(digest_) + "-0123456789abcdef.cwasm", kept.filename().string() + ".1.0123.tmp",
        to_hex(deleted) + suffix, "what" + suffix, std::string("else")}) {
    fs::copy_file(kept, fs::path(directory()) / name);
  }
  const auto artefacts = open();
  artefacts->remove_stale([&](const Digest& digest) { return digest == digest_; },
                          [] { return true; });
  EXPECT_EQ(file(), kept);
  EXPECT_EQ(std::distance(fs::directory_iterator(directory()), {}), 1);
  EXPECT_TRUE(loads(*artefacts));
}

TEST_F(ArtefactsTest, AreListedByTheirLastUse) {
  const auto artefacts = open();
  const auto a = sha256("a");
  const auto b = sha256("b");
  const auto c = sha256("c");
  for (const auto& digest : {a, b, c}) ASSERT_TRUE(artefacts->save(digest, artefact_));
  artefacts->mark_used(std::array{b, sha256("nobody's"), a});
  const auto size = fs::file_size(file());
  fs::copy_file(file(), fs::path(directory()) / (to_hex(a) + "-0123456789abcdef.cwasm"));
  const auto go_on = [] { return true; };
  const auto all = artefacts->last_used(10, go_on);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].digest, b);
  EXPECT_EQ(all[1].digest, a);
  EXPECT_EQ(all[2].digest, c);
  EXPECT_EQ(all[0].bytes, size);
  const auto two = artefacts->last_used(2, go_on);
  ASSERT_EQ(two.size(), 2U);
  EXPECT_EQ(two[0].digest, b);
  EXPECT_EQ(two[1].digest, a);
  EXPECT_TRUE(artefacts->last_used(10, [] { return false; }).empty());
}

TEST_F(ArtefactsTest, LeaveNoTemporaryFileBehind) {
  const auto artefacts = open();
  ASSERT_TRUE(artefacts->save(digest_, artefact_));
  EXPECT_EQ(std::distance(fs::directory_iterator(directory()), {}), 1);
}

TEST_F(ArtefactsTest, AreLoadedAtHandWhenTheyAreSmallAndAuthentic) {
  const auto artefacts = open();
  EXPECT_EQ(artefacts->load_without_io(digest_), nullptr);
  ASSERT_TRUE(artefacts->save(digest_, artefact_));
  EXPECT_NE(artefacts->load_without_io(digest_), nullptr);
  auto bad = content();
  bad[bad.size() / 2] = static_cast<char>(bad[bad.size() / 2] ^ 1);
  replace(bad);
  EXPECT_EQ(artefacts->load_without_io(digest_), nullptr);
  EXPECT_TRUE(artefacts->contains(digest_)) << "left to load(), which reports it";
}

TEST_F(ArtefactsTest, AreNotLoadedAtHandWhenTheyAreLarge) {
  const auto wasm = testing_engine::wasm_of("(module (memory 16) (data (i32.const 0) \"" +
                                            std::string(100'000, 'x') + "\"))");
  const auto artefacts = open();
  const auto artefact = CompiledModule::compile(engine(), wasm).value()->serialize().value();
  ASSERT_TRUE(artefacts->save(digest_, artefact));
  EXPECT_EQ(artefacts->load_without_io(digest_), nullptr);
  const auto loaded = artefacts->load(digest_).value();
  EXPECT_EQ(loaded->cost().mapped, 1U);
  EXPECT_EQ(loaded->cost().files, 1U);
}

std::size_t mappings() {
  std::ifstream maps("/proc/self/maps");
  return static_cast<std::size_t>(
      std::count(std::istreambuf_iterator<char>(maps), std::istreambuf_iterator<char>(), '\n'));
}

TEST_F(ArtefactsTest, TakeNoMappingsWhenTheyAreSmall) {
  const auto artefacts = open();
  ASSERT_TRUE(artefacts->save(digest_, artefact_));
  std::vector<std::shared_ptr<const CompiledModule>> modules{artefacts->load(digest_).value()};
  const auto before = mappings();
  for (int i = 0; i < 200; ++i) modules.push_back(artefacts->load(digest_).value());
  EXPECT_LT(mappings(), before + 100);
  EXPECT_EQ(modules.back()->cost().mapped, 0U);
  EXPECT_EQ(modules.back()->cost().files, 0U);
}

}  // namespace
}  // namespace wasm_server

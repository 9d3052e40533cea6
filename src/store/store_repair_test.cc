#include "store/store_repair.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "store/backup/staged_store.h"
#include "store/batch.h"
#include "store/extent_record.h"
#include "store/kept_modules_test.h"
#include "store/module_record.h"
#include "store/open_store.h"
#include "store/store_check.h"

namespace wasm_server {
namespace {

class StoreRepairTest : public KeptModulesTest {
 protected:
  void damage_blobs() {
    store_.close();
    std::fstream file(store_.path() / "blobs", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(30'000);
    file << 'x';
  }

  // It says `what` was done, and then nothing is damaged any more.
  RepairReport repair(std::string_view what) {
    store_.close();
    RepairReport report = repair_store(store_.path()).value();
    const bool said = std::ranges::any_of(
        report.changes, [&](const std::string& line) { return line.find(what) != line.npos; });
    EXPECT_TRUE(said) << what << "\n" << testing::PrintToString(report.changes);
    EXPECT_TRUE(report.remains.empty()) << report.remains.front();
    store_.open();
    const StoreReport after = check_store(*store_);
    EXPECT_TRUE(after.damage.empty()) << after.damage.front();
    EXPECT_TRUE(put_module(*store_, "later", patterned(70'000, 8)).has_value());
    return report;
  }

  bool has(std::string_view id) { return store_.modules().find(id).value().has_value(); }
};

TEST_F(StoreRepairTest, ChangesNothingInAWholeStore) {
  store_.close();
  const RepairReport report = repair_store(store_.path()).value();
  EXPECT_TRUE(report.damage.empty() && report.changes.empty());
}

TEST_F(StoreRepairTest, TakesOutModulesWhoseCodeIsLostAndGoesBackWhereItCan) {
  damage_blobs();
  const RepairReport report = repair("module b is taken out");
  EXPECT_EQ(report.damage.size(), 1U);
  EXPECT_EQ(store_.modules().find("a").value()->revision, 1U);
  EXPECT_EQ(store_.modules().read_code(sha256("code")).value(), "code");
  EXPECT_FALSE(has("b"));
  EXPECT_TRUE(has("c"));
}

// They are in no backup, and read by the next start.
TEST_F(StoreRepairTest, MakesTheDatabasesOwnRecordsAnew) {
  constexpr StoreSettings kSmall{.log_bytes = 1U << 20};
  store_.open(kSmall);
  const std::string mark = patterned(2'000, 77);
  change(Table::kState, "another", mark);
  for (unsigned i = 0; i < 3; ++i)  // so that it is written to a table
    change(Table::kCode, "filler" + std::to_string(i), patterned(1'200'000, 900 + i));
  for (unsigned i = 0; i < 3; ++i) change(Table::kCode, "filler" + std::to_string(i), {});
  store_.close();
  int places = 0;
  for (const auto& entry : std::filesystem::directory_iterator(store_.path() / "db")) {
    if (entry.path().extension() != ".sst") continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    std::string content(entry.file_size(), '\0');
    file.read(content.data(), static_cast<std::streamsize>(content.size()));
    const auto at = content.find(mark.substr(500, 200));
    if (at == std::string::npos) continue;
    file.seekp(static_cast<std::streamoff>(at));
    file.put('x');
    ++places;
  }
  ASSERT_EQ(places, 1);
  const RepairReport report = repair("a new store was made");
  ASSERT_FALSE(report.damage.empty());
  EXPECT_NE(report.damage.front().find("the database's own records"), std::string::npos)
      << report.damage.front();
  EXPECT_TRUE(has("a") && has("b") && has("c"));
}

TEST_F(StoreRepairTest, TakesOutARecordThatIsNone) {
  change(Table::kModules, "b", "no record");
  repair("record of b");
  EXPECT_FALSE(has("b"));
  EXPECT_EQ(store_.modules().find("a").value()->revision, 2U);
}

TEST_F(StoreRepairTest, GoesBackToTheRevisionBeforeARecordThatIsNone) {
  change(Table::kModules, "a", "no record");
  repair("which is the current one again");
  EXPECT_EQ(store_.modules().find("a").value()->revision, 1U);
}

TEST_F(StoreRepairTest, FreesCodeThatNobodyHas) {
  change(Table::kModules, "c", {});
  repair("nobody has it");
  EXPECT_FALSE(store_.modules().has_code(sha256(patterned(9'000))).value());
}

TEST_F(StoreRepairTest, CorrectsACount) {
  const Digest digest = sha256("code");
  change(Table::kReferences, digest_key(digest),
         encode_reference({.count = 7, .size = 4, .code = "code"}));
  repair("counted 7 references: it has 1");
}

TEST_F(StoreRepairTest, FreesWhatNothingRefersTo) {
  const auto batch = store_->begin().value();
  ASSERT_TRUE(batch->add_blob(patterned(20'000, 6)).has_value());
  ASSERT_TRUE(store_->commit(*batch).has_value());
  EXPECT_EQ(check_store(*store_).damage.size(), 1U);
  repair("which nothing refers to, are free");
}

TEST_F(StoreRepairTest, TakesOutCodeWhoseReferenceIsNone) {
  change(Table::kReferences, digest_key(sha256(patterned(50'000))), "no reference");
  repair("module b is taken out");
}

TEST_F(StoreRepairTest, MakesANewStoreWhereTheListOfExtentsIsDamaged) {
  change(Table::kExtents, extent_key({4096, 0}), "no extent");
  store_.close();
  EXPECT_FALSE(open_store(store_.path(), {}).has_value());
  repair("the former one is kept in");
  EXPECT_TRUE(has("a") && has("b") && has("c"));
  EXPECT_TRUE(std::filesystem::exists(store_.path() / "damaged-1" / "db"));
}

TEST_F(StoreRepairTest, MakesANewStoreWhereCodeHasNoPlaceOfItsOwn) {
  change(Table::kExtents, extent_key({4096, 0}), {});
  repair("the former one is kept in");
  EXPECT_EQ(store_.modules().read_code(sha256(patterned(50'000))).value(), patterned(50'000));
}

// Whatever a crash left of the exchange, nothing of it is taken for a store, and it goes on.
TEST_F(StoreRepairTest, GoesOnWithAnExchangeThatWasInterrupted) {
  for (const int step : {0, 1, 2, 3}) {
    change(Table::kExtents, extent_key({4096, 0}), {});
    store_.close();
    const auto path = store_.path();
    {
      StagedStore staged = StagedStore::make(path).value();
      ASSERT_TRUE(put_module(staged.store(), "new", patterned(30'000)).has_value());
      ASSERT_TRUE(staged.finish().has_value());
    }
    std::filesystem::create_directories(path / "staged" / "former");
    const auto move = [&](const std::string& from, const std::string& to) {
      std::filesystem::rename(path / from, path / to);
    };
    if (step > 0) move("blobs", "staged/former/blobs");
    if (step > 1) move("staged/blobs", "blobs");
    if (step > 2) move("db", "staged/former/db");
    EXPECT_FALSE(open_store(path, {}).has_value()) << step;
    ASSERT_TRUE(repair_store(path).has_value());
    store_.open();
    EXPECT_TRUE(has("new") && !has("a")) << step;
    EXPECT_TRUE(check_store(*store_).damage.empty());
    EXPECT_FALSE(std::filesystem::exists(path / "staged"));
    EXPECT_TRUE(std::filesystem::exists(path / ("damaged-" + std::to_string(step + 1)) / "blobs"));
  }
}

}  // namespace
}  // namespace wasm_server

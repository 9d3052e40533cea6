// What of the LMDB store survives a crash: copies of its files at some moment.

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "store/lmdb_store_test.h"

namespace wasm_server {
namespace {

class LmdbCrashTest : public LmdbStoreTest {
 protected:
  // What a crash at this moment would leave.
  void copy_files(const TemporaryDirectory& to) const {
    for (const char* file : {"data.mdb", "journal", "code"}) {
      std::filesystem::copy_file(directory_.path() / file, to.path() / file);
    }
  }
};

// As after a crash: what was answered is in the journal or in the database, whatever was moved.
TEST_F(LmdbCrashTest, ACopyOfItsFilesAtAnyMomentHoldsEveryAnsweredBatch) {
  open();
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < 60; ++i) {
    ids.push_back("m" + std::to_string(i));
    ASSERT_TRUE(put(ids.back(), "code " + std::to_string(i / 2)).has_value());
    if (i % 20 == 7) {
      ASSERT_TRUE(put(ids.back(), "other code", 2).has_value());
    }
    if (i % 20 == 13) {  // in the database itself
      ASSERT_TRUE(erase(ids[i - 2]).has_value());
      ids.erase(ids.end() - 3);
      ids.insert(ids.end() - 2, "m" + std::to_string(i - 2) + " is gone");
    }
    const TemporaryDirectory copy;
    copy_files(copy);
    const auto found = LmdbStore::open(copy.path(), {}).value();
    for (const std::string& id : ids) {
      const bool gone = id.ends_with(" is gone");
      EXPECT_EQ(found->find(id.substr(0, id.find(' '))).value().has_value(), !gone) << i << id;
    }
    const auto last = found->find(ids.back()).value().value();
    EXPECT_TRUE(found->read_blob(last.digest, true).value().has_value()) << i;
  }
}

TEST_F(LmdbCrashTest, TakesOverWhatStandsInTheJournal) {
  open();
  ASSERT_TRUE(put("a", "code").has_value());
  ASSERT_TRUE(put("b", "code").has_value());
  const TemporaryDirectory copy;
  copy_files(copy);
  auto other = LmdbStore::open(copy.path(), {}).value();
  EXPECT_EQ(other->find("a").value(), make_meta_data("a", "code", 1));
  EXPECT_EQ(other->find("b").value(), make_meta_data("b", "code", 1));
  EXPECT_EQ(other->list({}).value().items.size(), 2U);
  // The references were counted once each.
  auto transaction = other->begin().value();
  ASSERT_TRUE(transaction->erase("a").has_value());
  ASSERT_TRUE(transaction->commit().has_value());
  EXPECT_EQ(other->read_blob(sha256("code"), true).value(), "code");
  transaction = other->begin().value();
  ASSERT_TRUE(transaction->erase("b").has_value());
  ASSERT_TRUE(transaction->commit().has_value());
  EXPECT_EQ(other->read_blob(sha256("code"), true).value(), std::nullopt);
}

// Small code goes through the journal, the rest to the code file.
TEST_F(LmdbCrashTest, KeepsCodeOfAnySizeOverACrashWhereverABatchWent) {
  open();
  std::vector<std::string> codes;
  const auto put_batch = [&](std::size_t modules, std::size_t size) {
    auto transaction = store_->begin().value();
    for (std::size_t i = 0; i < modules; ++i) {
      codes.push_back(patterned(size, static_cast<unsigned>(codes.size()) + 1));
      const auto code = std::make_shared<const Bytes>(codes.back());
      const auto meta_data = make_meta_data("m" + std::to_string(codes.size()), *code);
      ASSERT_TRUE(transaction->put(meta_data, code).has_value());
    }
    ASSERT_TRUE(transaction->commit().has_value());
  };
  const auto expect_all_in_a_copy = [&] {
    const TemporaryDirectory copy;
    copy_files(copy);
    const auto found = LmdbStore::open(copy.path(), {}).value();
    for (const std::string& code : codes) {
      EXPECT_TRUE(found->read_blob(sha256(code), true).value() == code);
      Bytes slice;
      ASSERT_TRUE(found->read_blob_slice(sha256(code), 1000, 3000, slice).value());
      EXPECT_TRUE(slice == code.substr(1000, 3000));
    }
    EXPECT_EQ(found->list({.limit = 1000}).value().items.size(), codes.size());
  };
  for (int i = 0; i < 3; ++i) put_batch(2, 100'000);
  expect_all_in_a_copy();
  put_batch(1, 6'000'000);
  expect_all_in_a_copy();
  for (int i = 0; i < 5; ++i) put_batch(20, 100'000);
  expect_all_in_a_copy();
  for (int i = 0; i < 120; ++i) put_batch(6, 16'000);  // more than a half of the journal
  expect_all_in_a_copy();
}

TEST_F(LmdbCrashTest, DoesNotStartWithADamagedBatchBeforeOthers) {
  open();
  ASSERT_TRUE(put("a", "code").has_value());
  ASSERT_TRUE(put("b", "code").has_value());
  const TemporaryDirectory copy;
  copy_files(copy);
  {
    std::fstream journal(copy.path() / "journal", std::ios::in | std::ios::out | std::ios::binary);
    journal.seekp(8);
    journal << '\7';  // the first batch's number
  }
  // Both were answered, and the first cannot be read.
  const auto other = LmdbStore::open(copy.path(), {});
  ASSERT_FALSE(other.has_value());
  EXPECT_NE(other.error().message.find("the journal is damaged: batch 1"), std::string::npos)
      << other.error().message;
  std::filesystem::remove(copy.path() / "journal");
  EXPECT_TRUE(LmdbStore::open(copy.path(), {}).has_value());
}

}  // namespace
}  // namespace wasm_server

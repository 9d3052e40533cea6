// The LMDB store's code that is not small: where it lies, who shares it, when its place is free.

#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "store/lmdb_format.h"
#include "store/lmdb_reader.h"
#include "store/lmdb_store_test.h"
#include "store/lmdb_transaction.h"

namespace wasm_server {
namespace {

class LmdbCodeTest : public LmdbStoreTest {
 protected:
  static constexpr std::size_t kLarge = 50'000;

  // Bytes of the code file that are used, as the trees say.
  std::uint64_t used() {
    store_.reset();
    const auto env = LmdbEnv::open(directory_.path(), {.max_bytes = 1024 * kMiB}).value();
    const auto reading = env->read().value();
    std::uint64_t used = 0;
    const auto places = LmdbReader{*env, reading.txn()}.extents();
    for (const CodePlace& place : places.value()) used += CodeFile::whole_blocks(place.size);
    return used;
  }

  Result<void> put_in(Store::Transaction& transaction, std::string_view id, const std::string& code,
                      std::uint64_t revision = 1) {
    return transaction.put(make_meta_data(id, code, revision), std::make_shared<const Bytes>(code));
  }

  bool holds(const std::string& code) {
    return store_->read_blob(sha256(code), true).value() == code;
  }
};

TEST_F(LmdbCodeTest, EqualCodeLiesThereOnceWhereverItsModulesAre) {
  open();
  const std::string code = patterned(kLarge);
  auto transaction = store_->begin().value();
  ASSERT_TRUE(put_in(*transaction, "a", code).has_value());
  ASSERT_TRUE(put_in(*transaction, "b", code).has_value());  // of the same batch
  ASSERT_TRUE(transaction->commit().has_value());
  ASSERT_TRUE(put("c", code).has_value());  // the others are in the journal
  open();
  ASSERT_TRUE(put("d", code).has_value());     // the others are in the trees
  ASSERT_TRUE(put("d", code, 2).has_value());  // in a transaction of the trees
  EXPECT_TRUE(holds(code));
  EXPECT_EQ(used(), CodeFile::whole_blocks(kLarge));
  open();
  for (const char* id : {"a", "b", "c"}) ASSERT_TRUE(erase(id).has_value());
  EXPECT_TRUE(holds(code));
  ASSERT_TRUE(erase("d").has_value());
  EXPECT_EQ(store_->read_blob(sha256(code), true).value(), std::nullopt);
  EXPECT_EQ(used(), 0U);
}

TEST_F(LmdbCodeTest, CodeThatIsErasedAndStoredAgainInOneBatchIsThere) {
  open();
  const std::string code = patterned(kLarge);
  for (const bool moved : {false, true}) {
    ASSERT_TRUE(put("a", code).has_value());
    if (moved) open();
    auto transaction = store_->begin().value();
    ASSERT_TRUE(transaction->erase("a").has_value());
    ASSERT_TRUE(put_in(*transaction, "b", code).has_value());
    ASSERT_TRUE(transaction->commit().has_value());
    ASSERT_TRUE(put("other", patterned(kLarge, 2)).has_value());  // may lie where "a" was
    EXPECT_TRUE(holds(code));
    EXPECT_TRUE(holds(patterned(kLarge, 2)));
    ASSERT_TRUE(erase("b").has_value());
    ASSERT_TRUE(erase("other").has_value());
  }
  EXPECT_EQ(used(), 0U);
}

TEST_F(LmdbCodeTest, CodeThatIsStoredAndErasedInOneBatchLeavesNothing) {
  open();
  auto transaction = store_->begin().value();
  ASSERT_TRUE(put_in(*transaction, "a", patterned(kLarge)).has_value());
  ASSERT_TRUE(put_in(*transaction, "b", patterned(kLarge, 2)).has_value());
  ASSERT_TRUE(transaction->erase("a").has_value());
  ASSERT_TRUE(transaction->commit().has_value());
  EXPECT_EQ(store_->read_blob(sha256(patterned(kLarge)), true).value(), std::nullopt);
  EXPECT_TRUE(holds(patterned(kLarge, 2)));
  EXPECT_EQ(used(), CodeFile::whole_blocks(kLarge));
}

TEST_F(LmdbCodeTest, ABatchThatIsDroppedOrAnOperationThatFailsTakesNoSpace) {
  open();
  ASSERT_TRUE(put_in(*store_->begin().value(), "a", patterned(kLarge)).has_value());
  const auto bytes = [&] { return std::filesystem::file_size(directory_.path() / "code"); };
  ASSERT_TRUE(put("b", patterned(kLarge, 2)).has_value());
  const auto before = bytes();
  for (unsigned i = 0; i < 2000; ++i) {
    auto transaction = store_->begin().value();
    ASSERT_TRUE(put_in(*transaction, "c", patterned(kLarge, 3 + i)).has_value());
    ASSERT_FALSE(transaction->erase("nobody").has_value());
  }
  EXPECT_EQ(bytes(), before);
  EXPECT_TRUE(holds(patterned(kLarge, 2)));
}

// As a program of format 2 left it: large code stands in the trees.
TEST_F(LmdbCodeTest, ReadsSharesAndErasesCodeThatAnOlderProgramStored) {
  const std::string code = patterned(kLarge);
  {
    const auto env = LmdbEnv::open(directory_.path(), {}).value();
    ASSERT_TRUE(prepare_format(*env).has_value());
    LmdbStore::State state;
    auto transaction = LmdbTransaction::begin(*env, state).value();
    ASSERT_TRUE(put_in(*transaction, "old", code).has_value());
    ASSERT_TRUE(transaction->commit().has_value());
  }
  alter([](const LmdbEnv& env, MDB_txn* txn) {
    replace(txn, env.databases().settings, kFormatKey, std::string_view{"\2\0\0\0\0\0\0\0", 8});
  });
  std::filesystem::remove(directory_.path() / "code");
  open();
  EXPECT_TRUE(holds(code));
  Bytes slice;
  ASSERT_TRUE(store_->read_blob_slice(sha256(code), 40'000, 100, slice).value());
  EXPECT_EQ(slice, code.substr(40'000, 100));
  ASSERT_TRUE(put("new", code).has_value());
  ASSERT_TRUE(put("other", patterned(kLarge, 2)).has_value());
  open();
  ASSERT_TRUE(erase("old").has_value());
  EXPECT_TRUE(holds(code));
  ASSERT_TRUE(erase("new").has_value());
  EXPECT_EQ(store_->read_blob(sha256(code), true).value(), std::nullopt);
  EXPECT_TRUE(holds(patterned(kLarge, 2)));
}

TEST_F(LmdbCodeTest, IsNotOpenedWithoutTheCodeThatIsStored) {
  open();
  ASSERT_TRUE(put("a", patterned(kLarge)).has_value());
  store_.reset();
  std::filesystem::resize_file(directory_.path() / "code", 40'000);
  const auto opened = LmdbStore::open(directory_.path(), {});
  ASSERT_FALSE(opened.has_value());
  EXPECT_NE(opened.error().message.find("the code file has 40000 bytes, and there is code of"),
            std::string::npos)
      << opened.error().message;
}

TEST_F(LmdbCodeTest, TellsDamageWhenItIsVerified) {
  open();
  const std::string code = patterned(kLarge);
  ASSERT_TRUE(put("a", code).has_value());
  store_.reset();
  {
    std::fstream file(directory_.path() / "code", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(20'001);
    file << 'x';
  }
  open();
  EXPECT_TRUE(store_->read_blob(sha256(code), false).has_value());
  const auto verified = store_->read_blob(sha256(code), true);
  ASSERT_FALSE(verified.has_value());
  EXPECT_EQ(verified.error().code, ErrorCode::kInternal);
}

// Places are freed and used again under readers, who see a code as it was stored or not at all.
TEST_F(LmdbCodeTest, ReadersNeverSeeCodeThatCameLater) {
  open();
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  std::atomic<unsigned> latest{1};
  std::atomic<std::uint64_t> reads{0};
  ASSERT_TRUE(put("m1", patterned(kLarge, 1)).has_value());
  {
    std::vector<std::jthread> readers;
    for (int i = 0; i < 4; ++i) {
      readers.emplace_back([&] {
        while (!stop) {
          const std::string code = patterned(kLarge, latest);
          const auto found = store_->read_blob(sha256(code), false);
          if (!found || (*found && **found != code)) ++wrong;
          if (found && *found) ++reads;
        }
      });
    }
    for (unsigned i = 2; i < 300; ++i) {
      ASSERT_TRUE(put("m" + std::to_string(i), patterned(kLarge, i)).has_value());
      latest = i;
      ASSERT_TRUE(erase("m" + std::to_string(i - 1)).has_value());
    }
    stop = true;
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(reads, 0U);
  EXPECT_EQ(used(), CodeFile::whole_blocks(kLarge));
}

}  // namespace
}  // namespace wasm_server

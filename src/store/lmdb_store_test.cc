#include "store/lmdb_store.h"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "store/byte_codec.h"
#include "store/lmdb_env.h"
#include "store/lmdb_reader.h"
#include "store/lmdb_store_test.h"

namespace wasm_server {
namespace {

TEST_F(LmdbStoreTest, SeesEverythingAfterAReopening) {
  open();
  const std::string secret = store_->secret();
  ASSERT_TRUE(put("m", "one", 1).has_value());
  ASSERT_TRUE(put("m", "two", 2).has_value());
  ASSERT_TRUE(put("n", "two", 1).has_value());
  open();
  EXPECT_EQ(store_->find("m").value(), make_meta_data("m", "two", 2));
  EXPECT_EQ(store_->find_revision("m", 1).value(), make_meta_data("m", "one", 1));
  EXPECT_EQ(store_->find("n").value(), make_meta_data("n", "two", 1));
  EXPECT_EQ(store_->read_blob(sha256("one"), true).value(), "one");
  EXPECT_EQ(store_->secret(), secret);
  EXPECT_EQ(store_->sequence(), 0U);  // counts from the opening on
  ASSERT_TRUE(erase("m").has_value());
  open();
  EXPECT_EQ(store_->find("m").value(), std::nullopt);
  EXPECT_EQ(store_->read_blob(sha256("one"), true).value(), std::nullopt);
  EXPECT_EQ(store_->read_blob(sha256("two"), true).value(), "two");
}

TEST_F(LmdbStoreTest, KeepsTheNumberOfBatchesOnDisk) {
  open();
  for (const char* id : {"a", "b", "c"}) ASSERT_TRUE(put(id, "code").has_value());
  std::uint64_t stored = 0;
  alter([&](const LmdbEnv& env, MDB_txn* txn) {
    const auto value = LmdbReader{env, txn}.get(env.databases().settings, "sequence").value();
    stored = ByteReader{*value}.u64();
  });
  EXPECT_EQ(stored, 3U);
}

// More than a generation, so that modules are moved while others are stored, listed and read.
TEST_F(LmdbStoreTest, FindsEveryModuleWhileTheyAreMoved) {
  open();
  constexpr int kBatches = 90;
  constexpr int kBatch = 400;
  const auto id_of = [](int number) { return "m" + std::to_string(100'000 + number); };
  std::atomic<int> stored{0};
  std::atomic<bool> failed{false};
  std::jthread reader([&] {
    while (stored < kBatches * kBatch && !failed) {
      const int count = stored;
      if (count == 0) continue;
      const auto found = store_->find(id_of(count - 1));
      const auto code = store_->read_blob(sha256("code " + std::to_string(count - 1)), true);
      const auto page = store_->list({.limit = 10, .after = id_of(count - 10)});
      const bool complete =
          page && page->items.size() >= 9 && page->items[0].id == id_of(count - 9);
      if (!found || !*found || !code || !*code || (count > 10 && !complete)) failed = true;
    }
  });
  for (int batch = 0; batch < kBatches && !failed; ++batch) {
    auto transaction = store_->begin().value();
    for (int i = 0; i < kBatch; ++i) {
      const std::string code = "code " + std::to_string(batch * kBatch + i);
      const auto meta_data = make_meta_data(id_of(batch * kBatch + i), code);
      ASSERT_TRUE(transaction->put(meta_data, std::make_shared<const Bytes>(code)).has_value());
    }
    ASSERT_TRUE(transaction->commit().has_value());
    stored = (batch + 1) * kBatch;
  }
  reader.join();
  EXPECT_FALSE(failed) << stored;
  EXPECT_EQ(store_->sequence(), static_cast<std::uint64_t>(kBatches));
  open();
  std::size_t listed = 0;
  ListQuery query{.limit = 1000};
  for (bool more = true; more;) {
    const auto page = store_->list(query).value();
    listed += page.items.size();
    more = page.next.has_value();
    if (more) query.after = *page.next;
  }
  EXPECT_EQ(listed, static_cast<std::size_t>(kBatches * kBatch));
}

TEST_F(LmdbStoreTest, HasAnotherSecretInAnotherDirectory) {
  open();
  const TemporaryDirectory other;
  EXPECT_NE(LmdbStore::open(other.path(), {}).value()->secret(), store_->secret());
}

TEST_F(LmdbStoreTest, RefusesASecondOpening) {
  open();
  const auto second = LmdbStore::open(directory_.path(), {});
  ASSERT_FALSE(second.has_value());
  EXPECT_NE(second.error().message.find("in use by another server (process "), std::string::npos);
}

TEST_F(LmdbStoreTest, RefusesAFileThatIsNoDatabase) {
  std::ofstream{directory_.path() / "data.mdb"} << patterned(100'000);
  const auto opened = LmdbStore::open(directory_.path(), {});
  ASSERT_FALSE(opened.has_value());
  EXPECT_NE(opened.error().message.find("cannot open the database in "), std::string::npos);
}

TEST_F(LmdbStoreTest, RefusesANewerFormat) {
  open();
  alter([](const LmdbEnv& env, MDB_txn* txn) {
    replace(txn, env.databases().settings, "format", std::string_view{"\6\0\0\0\0\0\0\0", 8});
  });
  const auto opened = LmdbStore::open(directory_.path(), {});
  ASSERT_FALSE(opened.has_value());
  EXPECT_NE(opened.error().message.find("format 6"), std::string::npos) << opened.error().message;
}

TEST_F(LmdbStoreTest, TellsADamagedRecordFromAMissingOne) {
  open();
  ASSERT_TRUE(put("good", "good").has_value());
  ASSERT_TRUE(put("bad", "bad").has_value());
  alter([](const LmdbEnv& env, MDB_txn* txn) {
    std::string record{**LmdbReader{env, txn}.get(env.databases().current, "bad")};
    record[record.size() / 2] = static_cast<char>(record[record.size() / 2] ^ 1);
    replace(txn, env.databases().current, "bad", record);
  });
  open();
  const auto bad = store_->find("bad");
  ASSERT_FALSE(bad.has_value());
  EXPECT_EQ(bad.error().code, ErrorCode::kInternal);
  EXPECT_NE(bad.error().log.find("bad: checksum"), std::string::npos) << bad.error().log;
  EXPECT_FALSE(store_->list({}).has_value());
  EXPECT_TRUE(store_->find("good").value().has_value());
  // What cannot be read is not silently written over, and others can still be written.
  EXPECT_FALSE(put("bad", "new", 2).has_value());
  EXPECT_FALSE(erase("bad").has_value());
  EXPECT_TRUE(put("good", "new", 2).has_value());
}

TEST_F(LmdbStoreTest, TellsDamagedCodeWhenItIsVerified) {
  open();
  const std::string code = patterned(5000);
  std::string damaged = code;
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  ASSERT_TRUE(put("m", code).has_value());
  alter([&](const LmdbEnv& env, MDB_txn* txn) {
    replace(txn, env.databases().blobs, to_key(sha256(code)), damaged);
  });
  open();
  EXPECT_TRUE(store_->read_blob(sha256(code), false).value() == damaged);
  const auto verified = store_->read_blob(sha256(code), true);
  ASSERT_FALSE(verified.has_value());
  EXPECT_EQ(verified.error().code, ErrorCode::kInternal);
}

TEST_F(LmdbStoreTest, TellsADamagedReferenceWithTheCodeInIt) {
  open();
  ASSERT_TRUE(put("m", "small code").has_value());
  alter([&](const LmdbEnv& env, MDB_txn* txn) {
    const Digest digest = sha256("small code");
    std::string record{**LmdbReader{env, txn}.get(env.databases().blob_refs, to_key(digest))};
    record.back() = 'E';
    replace(txn, env.databases().blob_refs, to_key(digest), record);
  });
  open();
  EXPECT_FALSE(store_->read_blob(sha256("small code"), false).has_value());
  EXPECT_FALSE(put("n", "small code").has_value());
  EXPECT_TRUE(put("n", "other code").has_value());
}

TEST_F(LmdbStoreTest, DoesNotEraseWhenReferencesDoNotAddUp) {
  open();
  ASSERT_TRUE(put("m", "code", 1).has_value());
  ASSERT_TRUE(put("m", "code", 2).has_value());
  alter([&](const LmdbEnv& env, MDB_txn* txn) {
    replace(txn, env.databases().blob_refs, to_key(sha256("code")),
            encode_reference({1, 4, "code"}));
  });
  open();
  EXPECT_FALSE(erase("m").has_value());
  EXPECT_TRUE(store_->find("m").value().has_value());
}

TEST_F(LmdbStoreTest, HoldsABlobOf130MiB) {
  open();
  const std::string code = patterned(130 * kMiB);
  ASSERT_TRUE(put("big", code).has_value());
  EXPECT_TRUE(store_->read_blob(sha256(code), true).value() == code);
  Bytes slice;
  ASSERT_TRUE(store_->read_blob_slice(sha256(code), 129 * kMiB, kMiB, slice).value());
  EXPECT_TRUE(slice == code.substr(129 * kMiB));
}

TEST_F(LmdbStoreTest, SaysFullWithNothingStoredAndTakesWhatFits) {
  open(4 * kMiB);
  ASSERT_TRUE(put("a", patterned(2 * kMiB)).has_value());
  const std::string large = patterned(3 * kMiB, 2);
  const auto put_large = put("large", large);
  ASSERT_FALSE(put_large.has_value());
  EXPECT_EQ(put_large.error().code, ErrorCode::kStorageFull) << put_large.error().log;
  EXPECT_EQ(store_->find("large").value(), std::nullopt);
  EXPECT_EQ(store_->read_blob(sha256(large), true).value(), std::nullopt);
  EXPECT_TRUE(put("small", "small").has_value());
}

TEST_F(LmdbStoreTest, TakesDeletesWhenFullAndThenWritesAgain) {
  open(4 * kMiB);
  int stored = 0;
  while (put("m" + std::to_string(stored), patterned(100'000, static_cast<unsigned>(stored) + 1)))
    ++stored;
  ASSERT_GT(stored, 30);
  while (put("s" + std::to_string(stored), patterned(700, static_cast<unsigned>(stored) + 1)))
    ++stored;
  EXPECT_EQ(put("one-more", "x").error().code, ErrorCode::kStorageFull);
  for (int i = 0; i < 30; ++i) ASSERT_TRUE(erase("m" + std::to_string(i)).has_value()) << i;
  for (int i = 0; i < 25; ++i) {
    ASSERT_TRUE(put("n" + std::to_string(i), patterned(100'000, 1000U + static_cast<unsigned>(i)))
                    .has_value())
        << i;
  }
}

TEST_F(LmdbStoreTest, TakesCodeThatIsStoredAlreadyWhenNoNewCodeFits) {
  open(4 * kMiB);
  const std::string code = patterned(3 * kMiB);
  ASSERT_TRUE(put("a", code).has_value());
  EXPECT_FALSE(put("b", patterned(3 * kMiB, 2)).has_value());
  EXPECT_TRUE(put("c", code).has_value());
}

TEST_F(LmdbStoreTest, ServesReadersWhileItIsWritten) {
  open();
  ASSERT_TRUE(put("m", "code 1", 1).has_value());
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  std::atomic<std::uint64_t> reads{0};
  {
    std::vector<std::jthread> readers;
    for (int i = 0; i < 8; ++i) {
      readers.emplace_back([&] {
        std::uint64_t last = 0;
        while (!stop) {
          const auto found = store_->find("m");
          const bool good =
              found && *found && (*found)->revision >= last &&
              **found == make_meta_data("m", "code " + std::to_string((*found)->revision),
                                        (*found)->revision);
          if (!good) ++wrong;
          if (good) last = (*found)->revision;
          ++reads;
        }
      });
    }
    for (std::uint64_t revision = 2; revision <= 60; ++revision) {
      ASSERT_TRUE(put("m", "code " + std::to_string(revision), revision).has_value());
      EXPECT_EQ(store_->find("m").value()->revision, revision);
    }
    stop = true;
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(reads, 0U);
}

TEST_F(LmdbStoreTest, HasRoomForMoreThreadsThanReaderSlots) {
  store_ = LmdbStore::open(directory_.path(), {.max_readers = 3}).value();
  ASSERT_TRUE(put("m", "code").has_value());
  std::atomic<int> found{0};
  {
    std::vector<std::jthread> readers;
    for (int i = 0; i < 16; ++i) {
      readers.emplace_back([&] {
        for (int round = 0; round < 200; ++round)
          found += store_->find("m").value().has_value() ? 1 : 0;
      });
    }
  }
  EXPECT_EQ(found, 16 * 200);
}

// Pages that are freed come back: a module that is saved and deleted again and again does not make
// the file grow.
TEST_F(LmdbStoreTest, ReusesThePagesThatAreFreed) {
  open();
  const std::string code = patterned(500'000);
  const auto round = [&] {
    ASSERT_TRUE(put("m", code).has_value());
    ASSERT_TRUE(store_->find("m").value().has_value());
    ASSERT_TRUE(erase("m").has_value());
  };
  for (int i = 0; i < 5; ++i) round();
  const auto size = [&](const char* file) {
    return std::filesystem::file_size(directory_.path() / file);
  };
  const auto tree_bytes = size("data.mdb");
  const auto code_bytes = size("code");
  for (int i = 0; i < 200; ++i) round();
  EXPECT_LE(size("data.mdb"), tree_bytes + kMiB);
  EXPECT_LE(size("code"), code_bytes + kMiB);
}

}  // namespace
}  // namespace wasm_server

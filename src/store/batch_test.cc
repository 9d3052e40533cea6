#include "store/batch.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "store/secret.h"
#include "testing/test_store.h"

namespace wasm_server {
namespace {

constexpr Table kTable = Table::kModules;

class BatchTest : public testing::Test {
 protected:
  void open(std::uint64_t max_bytes) { store_.open({.max_bytes = max_bytes}); }
  std::unique_ptr<Batch> begin() { return store_->begin().value(); }
  Result<void> commit(Batch& batch) { return store_->commit(batch); }

  void put(std::string_view key, std::string_view value) {
    const auto batch = begin();
    ASSERT_TRUE(batch->put(kTable, key, value).has_value());
    ASSERT_TRUE(commit(*batch).has_value());
  }

  static std::optional<std::string> get(const Reader& from, std::string_view key) {
    std::string value = "left over";
    const auto there = from.get(kTable, key, value);
    EXPECT_TRUE(there.has_value());
    return there && *there ? std::optional{value} : std::nullopt;
  }
  std::optional<std::string> stored(std::string_view key) { return get(*store_, key); }
  std::uint64_t bytes() { return store_->usage()->bytes; }

  TestStore store_;
};

TEST_F(BatchTest, ReadsAsIfItsWritesWereDoneAndNobodyElseDoes) {
  put("old", "1");
  const auto batch = begin();
  EXPECT_EQ(get(*batch, "new"), std::nullopt);
  ASSERT_TRUE(batch->put(kTable, "new", "2").has_value());
  ASSERT_TRUE(batch->erase(kTable, "old").has_value());
  EXPECT_EQ(get(*batch, "new"), "2");
  EXPECT_EQ(get(*batch, "old"), std::nullopt);
  EXPECT_EQ(stored("new"), std::nullopt);
  EXPECT_EQ(stored("old"), "1");
  ASSERT_TRUE(commit(*batch).has_value());
  EXPECT_EQ(stored("new"), "2");
  EXPECT_EQ(stored("old"), std::nullopt);
}

TEST_F(BatchTest, TheLastWriteOfAKeyCounts) {
  const auto batch = begin();
  ASSERT_TRUE(batch->put(kTable, "a", "1").has_value());
  ASSERT_TRUE(batch->put(kTable, "a", "2").has_value());
  ASSERT_TRUE(batch->put(kTable, "b", "1").has_value());
  ASSERT_TRUE(batch->erase(kTable, "b").has_value());
  ASSERT_TRUE(batch->erase(kTable, "c").has_value());
  ASSERT_TRUE(batch->put(kTable, "c", "1").has_value());
  ASSERT_TRUE(commit(*batch).has_value());
  EXPECT_EQ(stored("a"), "2");
  EXPECT_EQ(stored("b"), std::nullopt);
  EXPECT_EQ(stored("c"), "1");
}

TEST_F(BatchTest, KeepsTablesApart) {
  const auto batch = begin();
  ASSERT_TRUE(batch->put(Table::kModules, "key", "module").has_value());
  ASSERT_TRUE(batch->put(Table::kCode, "key", "code").has_value());
  ASSERT_TRUE(commit(*batch).has_value());
  std::string value;
  EXPECT_TRUE(store_->get(Table::kCode, "key", value).value());
  EXPECT_EQ(value, "code");
  EXPECT_FALSE(store_->get(Table::kRevisions, "key", value).value());
}

TEST_F(BatchTest, ThatIsDroppedLeavesNothing) {
  put("a", "1");
  const std::uint64_t before = bytes();
  const std::uint64_t sequence = store_->sequence();
  {
    const auto batch = begin();
    ASSERT_TRUE(batch->put(kTable, "a", "2").has_value());
    ASSERT_TRUE(batch->add_blob(patterned(50'000)).has_value());
  }
  EXPECT_EQ(stored("a"), "1");
  EXPECT_EQ(bytes(), before);
  EXPECT_EQ(store_->sequence(), sequence);
}

TEST_F(BatchTest, ThatChangesNothingIsNotCounted) {
  const std::uint64_t sequence = store_->sequence();
  const auto batch = begin();
  ASSERT_TRUE(batch->erase(kTable, "nobody").has_value());
  ASSERT_TRUE(commit(*batch).has_value());
  EXPECT_EQ(store_->sequence(), sequence);
}

TEST_F(BatchTest, HasANumberThatOutlivesTheStore) {
  const std::uint64_t first = store_->sequence();
  put("a", "1");
  put("b", "1");
  EXPECT_EQ(store_->sequence(), first + 2);
  store_.open();
  EXPECT_EQ(store_->sequence(), first + 2);
  EXPECT_EQ(stored("b"), "1");
}

TEST_F(BatchTest, TakesBackWhatCameAfterAMark) {
  put("kept", "1");
  put("changed", "1");
  const auto batch = begin();
  ASSERT_TRUE(batch->put(kTable, "before", "1").has_value());
  ASSERT_TRUE(batch->put(kTable, "changed", "2").has_value());
  const auto first = batch->add_blob(patterned(50'000)).value();
  const Batch::Mark mark = batch->mark();
  const std::uint64_t bytes_then = batch->bytes();
  ASSERT_TRUE(batch->put(kTable, "after", "1").has_value());
  ASSERT_TRUE(batch->put(kTable, "changed", "3").has_value());
  ASSERT_TRUE(batch->erase(kTable, "kept").has_value());
  ASSERT_TRUE(batch->erase(kTable, "before").has_value());
  ASSERT_TRUE(batch->add_blob(patterned(60'000, 2)).has_value());
  ASSERT_TRUE(batch->release_blob(first.extent).has_value());
  batch->rollback(mark);
  EXPECT_EQ(batch->bytes(), bytes_then);
  EXPECT_EQ(get(*batch, "after"), std::nullopt);
  EXPECT_EQ(get(*batch, "changed"), "2");
  EXPECT_EQ(get(*batch, "kept"), "1");
  ASSERT_TRUE(commit(*batch).has_value());
  EXPECT_EQ(stored("before"), "1");
  EXPECT_EQ(stored("changed"), "2");
  EXPECT_EQ(stored("kept"), "1");
  EXPECT_EQ(stored("after"), std::nullopt);
  Bytes blob;
  ASSERT_TRUE(store_->blobs().read(first, 0, 50'000, blob).has_value());
  EXPECT_TRUE(blob == patterned(50'000));
}

// --- What may be stored

TEST_F(BatchTest, CountsWhatIsStoredExactly) {
  const std::uint64_t before = bytes();
  put("key", "12345");
  EXPECT_EQ(bytes(), before + 8);
  put("key", "1");
  EXPECT_EQ(bytes(), before + 4);
  auto batch = begin();
  const auto blob = batch->add_blob(patterned(5'000)).value();
  ASSERT_TRUE(batch->put(kTable, "other", "").has_value());
  ASSERT_TRUE(commit(*batch).has_value());
  batch.reset();
  const std::uint64_t with_blob = bytes();
  EXPECT_GE(with_blob, before + 4 + 5 + 8192);
  store_.open();
  EXPECT_EQ(bytes(), with_blob);
  batch = begin();
  ASSERT_TRUE(batch->erase(kTable, "key").has_value());
  ASSERT_TRUE(batch->erase(kTable, "other").has_value());
  ASSERT_TRUE(batch->release_blob(blob.extent).has_value());
  ASSERT_TRUE(commit(*batch).has_value());
  EXPECT_EQ(bytes(), before);
}

TEST_F(BatchTest, RefusesWhatIsTooMuchAndTakesWhatFits) {
  open(100'000);
  const auto batch = begin();
  ASSERT_TRUE(batch->put(kTable, "a", patterned(60'000)).has_value());
  const auto refused = batch->put(kTable, "b", patterned(60'000));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kStorageFull);
  EXPECT_EQ(batch->add_blob(patterned(60'000)).error().code, ErrorCode::kStorageFull);
  EXPECT_EQ(get(*batch, "b"), std::nullopt);
  EXPECT_TRUE(batch->put(kTable, "c", patterned(30'000)).has_value());
  ASSERT_TRUE(commit(*batch).has_value());
  EXPECT_EQ(stored("a")->size(), 60'000U);
  EXPECT_EQ(stored("b"), std::nullopt);
}

TEST_F(BatchTest, TakesDeletesWhenFullAndHasRoomAtOnceThen) {
  open(100'000);
  put("a", patterned(60'000));
  put("b", patterned(30'000));
  open(50'000);  // the limit was lowered
  const auto batch = begin();
  EXPECT_FALSE(batch->put(kTable, "c", patterned(100)).has_value());
  EXPECT_TRUE(batch->put(kTable, "b", patterned(29'000)).has_value());
  EXPECT_TRUE(batch->erase(kTable, "a").has_value());
  EXPECT_TRUE(batch->put(kTable, "c", patterned(20'000)).has_value());
  ASSERT_TRUE(commit(*batch).has_value());
  EXPECT_EQ(stored("c")->size(), 20'000U);
}

// A module that is stored and deleted again and again does not make the file longer.
TEST_F(BatchTest, UsesTheSpaceOfReleasedBlobsAgain) {
  const auto round = [&] {
    const auto adding = begin();
    const auto blob = adding->add_blob(patterned(500'000)).value();
    ASSERT_TRUE(commit(*adding).has_value());
    const auto releasing = begin();
    ASSERT_TRUE(releasing->release_blob(blob.extent).has_value());
    ASSERT_TRUE(commit(*releasing).has_value());
  };
  const auto size = [&] { return std::filesystem::file_size(store_.path() / "blobs"); };
  for (int i = 0; i < 5; ++i) round();
  const auto before = size();
  for (int i = 0; i < 100; ++i) round();
  store_.open();
  for (int i = 0; i < 5; ++i) round();
  EXPECT_LE(size(), before);
}

// --- What readers see

TEST_F(BatchTest, ASnapshotStaysAsItWas) {
  put("a", "1");
  const auto snapshot = store_->snapshot();
  put("a", "2");
  put("b", "1");
  EXPECT_EQ(get(*snapshot, "a"), "1");
  EXPECT_EQ(get(*snapshot, "b"), std::nullopt);
}

TEST_F(BatchTest, ACursorGoesInTheOrderOfKeysThroughWhatWasThere) {
  for (const char* key : {"b", "d", "a", "c"}) put(key, std::string{"value of "} + key);
  const auto cursor = store_->scan(kTable, "b");
  put("bb", "later");
  std::vector<std::string> keys;
  for (; cursor->valid(); cursor->next()) {
    keys.emplace_back(cursor->key());
    EXPECT_EQ(cursor->value(), "value of " + keys.back());
  }
  EXPECT_TRUE(cursor->status().has_value());
  EXPECT_EQ(keys, (std::vector<std::string>{"b", "c", "d"}));
}

TEST_F(BatchTest, TheSecretIsMadeOnceForEachDatabase) {
  const std::string secret = load_secret(*store_).value();
  EXPECT_EQ(secret.size(), 32U);
  EXPECT_EQ(load_secret(*store_).value(), secret);
  store_.open();
  EXPECT_EQ(load_secret(*store_).value(), secret);
  const TestStore other;
  EXPECT_NE(load_secret(*other).value(), secret);
}

}  // namespace
}  // namespace wasm_server

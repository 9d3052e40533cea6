// The LMDB store does what a map in memory does, whatever is in its journal and whatever in its
// trees.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "store/lmdb_store.h"
#include "testing/memory_store.h"
#include "testing/modules.h"
#include "testing/temporary_directory.h"

namespace wasm_server {
namespace {

constexpr std::uint64_t kIds = 12;

// Both stores, to which the same is done.
class LmdbModelTest : public testing::TestWithParam<unsigned> {
 protected:
  LmdbModelTest() { open(); }

  void open() {
    lmdb_.reset();
    lmdb_ = LmdbStore::open(directory_.path(), {.max_bytes = 1ULL << 30}).value();
  }

  std::uint64_t below(std::uint64_t end) {
    return std::uniform_int_distribution<std::uint64_t>{0, end - 1}(random_);
  }

  std::string random_id() { return "m" + std::to_string(below(kIds)); }

  // Of few kinds, so that modules share it, and of each way in which code is kept.
  std::string random_code() {
    static constexpr std::size_t kSizes[] = {10, 1000, 5000, 20'000};
    return std::string(kSizes[below(std::size(kSizes))], static_cast<char>('a' + below(3)));
  }

  // A new module, or another revision: with new code, the same, or that of an older revision.
  void put(Store::Transaction& lmdb, Store::Transaction& memory) {
    const std::string id = random_id();
    const auto current = memory.find(id).value();
    EXPECT_EQ(lmdb.find(id).value(), current);
    const std::uint64_t revision = current ? current->revision + 1 : 1;
    SharedBytes code;
    WasmMetaData next;
    if (!current || below(3) == 0) {
      code = std::make_shared<const Bytes>(random_code());
      next = make_meta_data(id, *code, revision);
    } else {
      const std::uint64_t source = 1 + below(current->revision);
      next = memory.find_revision(id, source).value().value();
      EXPECT_EQ(lmdb.find_revision(id, source).value(), next);
      next.revision = revision;
    }
    next.labels["batch"] = std::to_string(random_());
    ASSERT_TRUE(lmdb.put(next, code).has_value());
    ASSERT_TRUE(memory.put(next, code).has_value());
  }

  void erase(Store::Transaction& lmdb, Store::Transaction& memory) {
    const std::string id = random_id();
    auto freed = lmdb.erase(id);
    auto freed_in_memory = memory.erase(id);
    ASSERT_EQ(freed.has_value(), freed_in_memory.has_value());
    if (!freed) return;
    std::ranges::sort(*freed);
    std::ranges::sort(*freed_in_memory);
    EXPECT_EQ(*freed, *freed_in_memory);
  }

  void do_batch() {
    auto lmdb = lmdb_->begin().value();
    auto memory = memory_.begin().value();
    const bool erases = below(6) == 0;
    for (std::uint64_t left = 1 + below(8); left > 0; --left) {
      if (erases && below(4) == 0) {
        erase(*lmdb, *memory);
      } else {
        put(*lmdb, *memory);
      }
    }
    if (below(10) == 0) return;  // nothing happened
    ASSERT_TRUE(lmdb->commit().has_value());
    ASSERT_TRUE(memory->commit().has_value());
  }

  void expect_equal_module(const std::string& id) {
    EXPECT_EQ(lmdb_->find(id).value(), memory_.find(id).value());
    const auto revisions = memory_.revisions(id).value();
    EXPECT_EQ(lmdb_->revisions(id).value(), revisions);
    for (const WasmMetaData& revision : revisions) {
      EXPECT_EQ(lmdb_->find_revision(id, revision.revision).value(), revision);
      EXPECT_EQ(lmdb_->read_blob(revision.digest, true).value(),
                memory_.read_blob(revision.digest, true).value());
    }
  }

  void expect_equal() {
    for (std::uint64_t number = 0; number < kIds; ++number)
      expect_equal_module("m" + std::to_string(number));
    for (std::size_t limit = 1; limit < kIds; limit += 4) {
      const ListQuery query{.limit = limit, .after = random_id()};
      const ListPage page = lmdb_->list(query).value();
      const ListPage in_memory = memory_.list(query).value();
      EXPECT_EQ(page.items, in_memory.items);
      EXPECT_EQ(page.next, in_memory.next);
    }
  }

  const TemporaryDirectory directory_;
  std::unique_ptr<LmdbStore> lmdb_;
  MemoryStore memory_;
  std::mt19937 random_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Seeds, LmdbModelTest, testing::Range(1U, 5U));

TEST_P(LmdbModelTest, IsLikeAMapInMemory) {
  for (int batch = 0; batch < 100 && !HasFailure(); ++batch) {
    do_batch();
    if (below(4) == 0) expect_equal();
    if (below(25) == 0) open();
  }
  open();
  expect_equal();
}

}  // namespace
}  // namespace wasm_server

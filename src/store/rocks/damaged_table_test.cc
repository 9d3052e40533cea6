// A table whose file the disk has damaged, met by a compaction and by a list.

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/batch.h"
#include "store/module_repository.h"
#include "store/rocks/faulty_disk.h"
#include "store/rocks/rocks_cursor.h"
#include "testing/test_store.h"

namespace wasm_server {
namespace {

using Path = std::filesystem::path;

constexpr StoreSettings kSmall{.log_bytes = 1U << 20};
constexpr std::size_t kValue = 15'000;

std::string key_of(int number) { return "key" + std::to_string(1'000'000 + number); }

class DamagedTableTest : public testing::Test {
 protected:
  DamagedTableTest() { store_.open(kSmall); }

  // In batches that fill the log now and then, so that tables are written out.
  void write(int first, int last) {
    for (int number = first; number < last;) {
      const auto batch = store_->begin();
      ASSERT_TRUE(batch.has_value()) << batch.error().log;
      for (int i = 0; i < 50 && number < last; ++i, ++number) {
        ASSERT_TRUE((*batch)->put(Table::kCode, key_of(number),
                                  patterned(kValue, static_cast<unsigned>(number))));
      }
      const auto done = store_->commit(**batch);
      ASSERT_TRUE(done.has_value()) << done.error().log;
    }
  }

  void damage(std::string_view bytes) {
    int places = 0;
    for (const auto& entry : std::filesystem::directory_iterator(store_.path() / "db")) {
      if (entry.path().extension() != ".sst") continue;
      std::ifstream file(entry.path(), std::ios::binary);
      std::string content{std::istreambuf_iterator<char>{file}, {}};
      const auto at = content.find(bytes);
      if (at == std::string::npos) continue;
      content[at] ^= 1;
      std::ofstream{entry.path(), std::ios::binary | std::ios::trunc} << content;
      ++places;
    }
    ASSERT_GT(places, 0);
  }

  // Those that cannot be read, or are not what was written.
  std::vector<int> unreadable(int last) const {
    std::vector<int> found;
    for (int number = 0; number < last; ++number) {
      std::string value;
      const auto there = store_->get(Table::kCode, key_of(number), value);
      EXPECT_TRUE(!there || (*there && value == patterned(kValue, static_cast<unsigned>(number))))
          << number;
      if (!there) found.push_back(number);
    }
    return found;
  }

  TestStore store_;
};

TEST_F(DamagedTableTest, IsReadButForOneBlockAndWrittenThoughItCannotBeCompacted) {
  write(0, 300);
  store_.close();
  damage(patterned(kValue, 10).substr(1000, 200));
  for (int start = 0; start < 2; ++start) {
    store_.open(kSmall);
    const int first = 300 + start * 3000;
    write(first, first + 3000);  // 45 times what the log holds: compactions are due all the time
    EXPECT_FALSE(store_->failed());
    EXPECT_THAT(unreadable(first + 3000), testing::Contains(10));
    EXPECT_LT(unreadable(first + 3000).size(), 3U) << "a block has one of these values, or two";
    store_.close();
  }
}

// As a disk whose cable has come off: EIO for every read, by requests and by compactions.
TEST_F(DamagedTableTest, ADiskThatGivesNothingBackLosesNothingThatWasAnswered) {
  write(0, 300);
  std::vector<int> stored;
  {
    FaultyDisk disk{store_.path()};
    disk.fail_reads_of(".sst");
    for (int number = 300; number < 2'000; ++number) {
      const auto batch = store_->begin();
      if (!batch) break;
      const bool put =
          (*batch)
              ->put(Table::kCode, key_of(number), patterned(kValue, static_cast<unsigned>(number)))
              .has_value();
      if (put && store_->commit(**batch)) stored.push_back(number);
    }
    EXPECT_TRUE(disk.has_failed());
    std::string value;
    EXPECT_FALSE(store_->get(Table::kModules, "x", value).value_or(false));
    disk.heal();
    store_.close();
  }
  store_.open(kSmall);
  EXPECT_THAT(unreadable(300), testing::IsEmpty());
  for (const int number : stored) {
    std::string value;
    ASSERT_TRUE(store_->get(Table::kCode, key_of(number), value).value_or(false)) << number;
    ASSERT_EQ(value, patterned(kValue, static_cast<unsigned>(number)));
  }
}

// The ids of all pages, and of what they say of those that are damaged.
struct Listed {
  std::vector<std::string> ids;
  std::vector<Unreadable> damaged;
};

Listed list_all(const ModuleRepository& modules) {
  Listed all;
  std::string after;
  while (true) {
    auto found = modules.list({.limit = 50, .after = after});
    EXPECT_TRUE(found.has_value()) << found.error().log;
    if (!found) return all;
    ListPage page = *std::move(found);
    for (const WasmMetaData& item : page.items) all.ids.push_back(item.id);
    // A page that ends before a gap names it, and so does the next one.
    for (Unreadable& one : page.damaged) {
      if (all.damaged.empty() || all.damaged.back() != one) all.damaged.push_back(std::move(one));
    }
    if (!page.next) return all;
    after = *page.next;
  }
}

std::string id_of(int number) { return "m" + std::to_string(1000 + number); }

class DamagedRecordsTest : public DamagedTableTest, public testing::WithParamInterface<int> {};

TEST_P(DamagedRecordsTest, AreLeftOutOfAListThatSaysWhereTheyAre) {
  constexpr int kModules = 400;
  const int damaged = GetParam();
  for (int number = 0; number < kModules; ++number) {
    ASSERT_TRUE(put_module(*store_, id_of(number), patterned(2000, static_cast<unsigned>(number))));
  }
  write(0, 200);  // so that records go to tables
  store_.close();
  const Digest digest = sha256(
      patterned(2000, static_cast<unsigned>(damaged)));  // in its record, and nowhere else in that
  damage(digest_key(digest));
  store_.open(kSmall);
  const Listed all = list_all(store_.modules());
  ASSERT_EQ(all.damaged.size(), 1U);
  const Unreadable& gap = all.damaged[0];
  EXPECT_LE(gap.after.value_or(""), id_of(damaged));
  EXPECT_GE(gap.before.value_or("z"), id_of(damaged));
  std::vector<std::string> expected;
  for (int number = 0; number < kModules; ++number) {
    const std::string id = id_of(number);
    const bool is_readable = (gap.after && id <= *gap.after) || (gap.before && id >= *gap.before);
    EXPECT_EQ(store_.modules().find(id).has_value(), is_readable) << id;
    if (is_readable) expected.push_back(id);
  }
  EXPECT_EQ(all.ids, expected);
  EXPECT_GT(expected.size(), kModules - 40U) << "a block holds less";
}

INSTANTIATE_TEST_SUITE_P(Places, DamagedRecordsTest, testing::Values(0, 17, 200, 399));

TEST(KeyBetween, DividesWhatIsBetweenTwoKeys) {
  EXPECT_EQ(key_between("a", "c"), "b");
  EXPECT_EQ(key_between("", "\x80"), "\x40");
  EXPECT_EQ(key_between("m1", "m3"), "m2");
  std::string low = "module-17";
  const std::string high = "module-18";
  for (int i = 0; i < 40; ++i) {
    const std::string middle = key_between(low, high);
    EXPECT_LT(low, middle);
    EXPECT_LT(middle, high);
    low = middle;
  }
}

}  // namespace
}  // namespace wasm_server

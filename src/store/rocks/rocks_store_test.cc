// What a start finds: what was stored before, or one clear line.

#include "store/rocks/rocks_store_test.h"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <rocksdb/write_batch.h>

#include "store/batch.h"
#include "store/open_store.h"
#include "store/rocks/rocks_database.h"

namespace wasm_server {
namespace {

using Path = std::filesystem::path;

TEST_F(RocksStoreTest, SeesEverythingAfterAReopening) {
  put("m", "one", 1);
  put("m", "two", 2);
  put("n", "two", 1);
  put("large", patterned(200'000));
  store_.open();
  EXPECT_EQ(store_.modules().find("m").value(), make_meta_data("m", "two", 2));
  EXPECT_EQ(store_.modules().find_revision("m", 1).value(), make_meta_data("m", "one", 1));
  EXPECT_EQ(store_.modules().find("n").value(), make_meta_data("n", "two", 1));
  EXPECT_EQ(store_.modules().read_code(sha256("one")).value(), "one");
  EXPECT_TRUE(store_.modules().read_code(sha256(patterned(200'000))).value() == patterned(200'000));
  ASSERT_TRUE(erase_module(*store_, "m").has_value());
  store_.open();
  EXPECT_EQ(store_.modules().find("m").value(), std::nullopt);
  EXPECT_EQ(store_.modules().read_code(sha256("one")).value(), std::nullopt);
  EXPECT_EQ(store_.modules().read_code(sha256("two")).value(), "two");
}

// More than the log holds, so that tables are written out and compacted meanwhile.
TEST_F(RocksStoreTest, FindsEveryModuleThoughTablesAreWrittenOut) {
  store_.open({.log_bytes = 1U << 20});
  constexpr int kModules = 20'000;
  const auto id_of = [](int number) { return "m" + std::to_string(100'000 + number); };
  for (int number = 0; number < kModules;) {
    const auto batch = store_->begin().value();
    for (const int end = number + 500; number < end; ++number) {
      const std::string code = "code " + std::to_string(number);
      ASSERT_TRUE(ModuleBatch{*batch}
                      .put(make_meta_data(id_of(number), code), std::make_shared<const Bytes>(code))
                      .has_value());
    }
    ASSERT_TRUE(store_->commit(*batch).has_value());
    EXPECT_EQ(store_.modules().find(id_of(number / 2)).value()->id, id_of(number / 2));
  }
  EXPECT_FALSE(files(".sst").empty());
  store_.open();
  ListQuery query{.limit = 1000};
  std::size_t listed = 0;
  for (bool more = true; more;) {
    const auto page = store_.modules().list(query).value();
    listed += page.items.size();
    more = page.next.has_value();
    if (more) query.after = *page.next;
  }
  EXPECT_EQ(listed, static_cast<std::size_t>(kModules));
  EXPECT_EQ(store_.modules().read_code(sha256("code 77")).value(), "code 77");
}

TEST_F(RocksStoreTest, RefusesASecondOpening) {
  const auto second = open_store(store_.path(), {});
  ASSERT_FALSE(second.has_value());
  EXPECT_NE(second.error().message.find("in use by another server (process "), std::string::npos);
}

TEST_F(RocksStoreTest, RefusesWhatAFormerFormatLeft) {
  const TemporaryDirectory former;
  std::ofstream{former.path() / "data.mdb"} << "an LMDB environment";
  const auto opened = open_store(former.path(), {});
  ASSERT_FALSE(opened.has_value());
  EXPECT_NE(opened.error().message.find("data.mdb is of a former format"), std::string::npos)
      << opened.error().message;
  EXPECT_FALSE(std::filesystem::exists(former.path() / "db"));
}

TEST_F(RocksStoreTest, RefusesANewerFormatAndADamagedState) {
  put("m", "code");
  const auto with_state = [&](std::string_view state) {
    store_.close();
    const auto database = RocksDatabase::open(database_path(), {}).value();
    rocksdb::WriteBatch change = database->begin();
    change.Put(database->handle(Table::kState), "state", state);
    ASSERT_TRUE(database->write(change).has_value());
  };
  with_state(std::string(1, '\2') + std::string(24, '\0'));
  expect_refusal("format 2, which this program does not know");
  with_state("");
  expect_refusal("its state record is damaged");
  with_state(std::string(1, '\1') + std::string(25, '\0'));
  expect_refusal("its state record is damaged");
}

// --- Lost parts are never taken for a new database

TEST_F(RocksStoreTest, IsNotOpenedWithoutAnyFileOfIts) {
  put("m", "code");
  store_.close();
  std::vector<Path> all{store_.path() / "blobs"};
  for (const auto& entry : std::filesystem::directory_iterator(database_path())) {
    const std::string name = entry.path().filename().string();
    if (name != "LOCK") all.push_back(entry.path());
  }
  EXPECT_GE(all.size(), 6U);  // CURRENT, IDENTITY, the manifest, WALS, a log
  for (const Path& path : all) {
    const TemporaryDirectory copy;
    std::filesystem::copy(store_.path(), copy.path(), std::filesystem::copy_options::recursive);
    const Path missing = copy.path() / std::filesystem::relative(path, store_.path());
    std::filesystem::remove(missing);
    const auto opened = open_store(copy.path(), {});
    ASSERT_FALSE(opened.has_value()) << missing;
    EXPECT_NE(opened.error().message.find(path.filename().string()), std::string::npos)
        << opened.error().message;
    EXPECT_EQ(opened.error().message.find('\n'), std::string::npos) << opened.error().message;
    EXPECT_FALSE(std::filesystem::exists(missing));
  }
}

TEST_F(RocksStoreTest, IsNotMadeAnewBesideItsBlobs) {
  store_.close();
  std::filesystem::remove_all(database_path());
  expect_refusal("db is missing, though there are blobs");
}

TEST_F(RocksStoreTest, IsNotOpenedWithoutItsBlobs) {
  put("m", patterned(50'000));
  store_.close();
  std::filesystem::resize_file(store_.path() / "blobs", 40'000);
  expect_refusal("the blob file has 40000 bytes, and there is code of 50000 at 4096");
}

TEST_F(RocksStoreTest, IsNotOpenedWithoutATableOfIts) {
  store_.open({.log_bytes = 1U << 20});
  for (unsigned i = 0; i < 300; ++i) put("m" + std::to_string(i), patterned(10'000, 10 + i));
  store_.close();
  const auto tables = files(".sst");
  ASSERT_FALSE(tables.empty());
  std::filesystem::rename(tables.front(), store_.path() / "aside");
  expect_refusal(tables.front().stem().string());
  std::filesystem::rename(store_.path() / "aside", tables.front());
  store_.open();
  EXPECT_TRUE(store_.modules().find("m299").value().has_value());
}

// What a copy that went wrong would make of it: one file of another store, under the name of its
// own.
TEST_F(RocksStoreTest, IsNotOpenedWithAFileOfAnotherStore) {
  constexpr StoreSettings kSmall{.log_bytes = 1U << 20};
  TestStore other{kSmall};
  store_.open(kSmall);
  for (unsigned i = 0; i < 200; ++i) {
    put("m" + std::to_string(i), patterned(12'000, 10 + i));
    ASSERT_TRUE(
        put_module(*other, "n" + std::to_string(i), patterned(12'000, 500 + i)).has_value());
  }
  put("large", patterned(50'000));
  ASSERT_TRUE(put_module(*other, "huge", patterned(90'000)).has_value());
  store_.close();
  other.close();
  const auto theirs = [&](const Path& ours) {
    Path same = other.path() / std::filesystem::relative(ours, store_.path());
    if (std::filesystem::exists(same)) return same;
    for (const auto& entry : std::filesystem::directory_iterator(other.path() / "db")) {
      if (entry.path().extension() == ours.extension() &&
          entry.path().filename().string().substr(0, 4) == ours.filename().string().substr(0, 4))
        return entry.path();
    }
    return Path{};
  };
  std::vector<Path> all{store_.path() / "blobs", files(".log").back(), files(".sst").front()};
  for (const auto& entry : std::filesystem::directory_iterator(database_path())) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("MANIFEST") || name == "IDENTITY" || name == "WALS")
      all.push_back(entry.path());
  }
  EXPECT_EQ(all.size(), 6U);
  for (const Path& path : all) {
    const TemporaryDirectory copy;
    std::filesystem::copy(store_.path(), copy.path(), std::filesystem::copy_options::recursive);
    ASSERT_FALSE(theirs(path).empty()) << path;
    std::filesystem::copy_file(theirs(path),
                               copy.path() / std::filesystem::relative(path, store_.path()),
                               std::filesystem::copy_options::overwrite_existing);
    const auto opened = open_store(copy.path(), {});
    ASSERT_FALSE(opened.has_value()) << path;
    EXPECT_EQ(opened.error().message.find('\n'), std::string::npos) << opened.error().message;
    const std::string stem = path.filename() == "IDENTITY" ? "database" : path.stem().string();
    // Of a table that is longer than its own RocksDB names the manifest, which says so.
    const bool is_table = path.extension() == ".sst";
    EXPECT_TRUE(opened.error().message.find(stem) != std::string::npos ||
                (is_table && opened.error().message.find("MANIFEST") != std::string::npos))
        << opened.error().message;
  }
  store_.open();
  EXPECT_TRUE(store_.modules().find("m199").value().has_value());
}

// Where the log ends is known, so that a cut is not taken for a batch that was not finished.
TEST_F(RocksStoreTest, IsNotOpenedWithALogThatIsCutOff) {
  for (const char* id : {"a", "b", "c"}) put(id, "code");
  const TemporaryDirectory killed;
  std::filesystem::copy(store_.path(), killed.path(), std::filesystem::copy_options::recursive);
  store_.close();
  for (const Path& place : {store_.path(), killed.path()}) {
    for (const auto& entry : std::filesystem::directory_iterator(place / "db")) {
      if (entry.path().extension() != ".log") continue;
      const auto size = std::filesystem::file_size(entry.path());
      for (const std::uint64_t left : {size - 1, size / 2, std::uint64_t{0}}) {
        const TemporaryDirectory copy;
        std::filesystem::copy(place, copy.path(), std::filesystem::copy_options::recursive);
        std::filesystem::resize_file(copy.path() / "db" / entry.path().filename(), left);
        const auto opened = open_store(copy.path(), {});
        ASSERT_FALSE(opened.has_value()) << left << " of " << size;
        EXPECT_NE(opened.error().message.find("is cut off"), std::string::npos)
            << opened.error().message;
      }
    }
  }
}

// A crash while the database is made leaves nothing that is in the way.
TEST_F(RocksStoreTest, IsMadeAnewWhenItWasNotMadeToTheEnd) {
  store_.close();
  std::filesystem::remove(store_.path() / "blobs");
  std::filesystem::remove(database_path() / "CURRENT");
  const std::ofstream unfinished(database_path() / "unfinished");
  store_.open();
  put("m", "code");
  store_.open();
  EXPECT_TRUE(store_.modules().find("m").value().has_value());
}

// --- Damage

}  // namespace
}  // namespace wasm_server

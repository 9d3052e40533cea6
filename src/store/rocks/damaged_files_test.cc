// Tables and blobs that the disk has damaged: what is read of them is right, or an error that names
// it, and storing the same again mends it.

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "store/batch.h"
#include "store/rocks/rocks_store_test.h"

namespace wasm_server {
namespace {

using Path = std::filesystem::path;

class DamagedFilesTest : public RocksStoreTest {
 protected:
  // More than the log holds, so that what is stored goes to tables.
  void write_tables() {
    for (const char* key : {"filler", "one more", "and another"}) {
      const auto batch = store_->begin().value();
      ASSERT_TRUE(batch->put(Table::kCode, key, patterned(1'200'000, 900)).has_value());
      ASSERT_TRUE(store_->commit(*batch).has_value());
    }
  }

  // Wherever they stand, tables and blobs.
  void damage_bytes(const std::string& bytes) {
    int places = 0;
    std::vector<Path> all = files(".sst");
    all.push_back(store_.path() / "blobs");
    for (const Path& path : all) {
      std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
      std::string content(std::filesystem::file_size(path), '\0');
      file.read(content.data(), static_cast<std::streamsize>(content.size()));
      for (auto at = content.find(bytes); at != std::string::npos;
           at = content.find(bytes, at + 1)) {
        file.seekp(static_cast<std::streamoff>(at));
        file.put(static_cast<char>(content[at] ^ 1));
        ++places;
      }
    }
    EXPECT_GT(places, 0);
  }
};

// A flipped bit or zeroes, somewhere.
void damage(const Path& path, std::size_t round) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  const std::size_t at = (round * 7919 + 13) * 977 % bytes.size();
  const std::size_t size = round % 2 == 0 ? 1 : std::min<std::size_t>(512, bytes.size() - at);
  const char flipped = static_cast<char>(bytes[at] ^ (1 << (round % 8)));
  bytes.replace(at, size, size, round % 2 == 0 ? flipped : '\0');
  std::ofstream{path, std::ios::binary | std::ios::trunc} << bytes;
}

// Wherever in a table's file a bit is flipped or zeroes stand: what is read is right, or an error.
TEST_F(DamagedFilesTest, NeverGivesAWrongRecordOfADamagedTable) {
  store_.open({.log_bytes = 1U << 20});
  constexpr unsigned kModules = 400;
  const auto code_of = [](unsigned number) { return patterned(6'000, 1 + number); };
  for (unsigned i = 0; i < kModules; ++i) put("m" + std::to_string(i), code_of(i));
  store_.close();
  const auto tables = files(".sst");
  ASSERT_FALSE(tables.empty());
  int errors = 0;
  for (std::size_t round = 0; round < 30; ++round) {
    const TemporaryDirectory copy;
    std::filesystem::copy(store_.path(), copy.path(), std::filesystem::copy_options::recursive);
    damage(copy.path() / "db" / tables[round % tables.size()].filename(), round);
    const auto opened = open_store(copy.path(), {});
    if (!opened) {
      ++errors;
      continue;
    }
    const ModuleRepository modules{**opened};
    for (unsigned i = 0; i < kModules; ++i) {
      const auto found = modules.find("m" + std::to_string(i));
      const auto code = modules.read_code(sha256(code_of(i)));
      errors += (found ? 0 : 1) + (code ? 0 : 1);
      EXPECT_TRUE(!found || *found == make_meta_data("m" + std::to_string(i), code_of(i))) << i;
      EXPECT_TRUE(!code || *code == code_of(i)) << i;
    }
  }
  EXPECT_GT(errors, 0);
}

TEST_F(DamagedFilesTest, NamesCodeThatTheDiskDamaged) {
  const std::string code = patterned(300'000);
  put("bad", code);
  put("good", patterned(300'000, 2));
  store_.close();
  {
    std::fstream file(store_.path() / "blobs", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(150'000);
    file << 'x';
  }
  store_.open();
  const auto damaged = store_.modules().read_code(sha256(code));
  ASSERT_FALSE(damaged.has_value());
  EXPECT_EQ(damaged.error().code, ErrorCode::kInternal);
  EXPECT_NE(damaged.error().log.find(to_hex(sha256(code))), std::string::npos)
      << damaged.error().log;
  EXPECT_TRUE(store_.modules().read_code(sha256(patterned(300'000, 2))).value().has_value());
  EXPECT_TRUE(erase_module(*store_, "bad").has_value());
}

// In the blob file and in a table: by the same code again, whether or not a read has found the
// damage, or by a delete before that.
enum class Before : std::uint8_t { kNothing, kRead, kReadAndDelete };
class RocksStoreMends : public DamagedFilesTest,
                        public testing::WithParamInterface<std::tuple<std::size_t, Before>> {};

TEST_P(RocksStoreMends, DamagedCodeByStoringItAgain) {
  constexpr StoreSettings kSmall{.log_bytes = 1U << 20};
  const auto& [size, before] = GetParam();
  const bool deletes = before == Before::kReadAndDelete;
  const std::string code = patterned(size, 77);
  store_.open(kSmall);
  put("bad", code);
  write_tables();
  store_.close();
  damage_bytes(code.substr(code.size() / 2, 200));
  store_.open(kSmall);
  if (before != Before::kNothing) {
    ASSERT_FALSE(store_.modules().read_code(sha256(code)).has_value());
  }
  if (deletes) {
    ASSERT_TRUE(erase_module(*store_, "bad").has_value());
  }
  put("again", code);
  ASSERT_TRUE(store_.modules().read_code(sha256(code)).value() == code);
  store_.open(kSmall);
  ASSERT_TRUE(store_.modules().read_code(sha256(code)).value() == code);
  ASSERT_TRUE(erase_module(*store_, "again").has_value());
  EXPECT_EQ(store_.modules().read_code(sha256(code)).value().has_value(), !deletes);
}

INSTANTIATE_TEST_SUITE_P(Sizes, RocksStoreMends,
                         testing::Combine(testing::Values(900U, 15'000U, 300'000U, 3'000'000U),
                                          testing::Values(Before::kNothing, Before::kRead,
                                                          Before::kReadAndDelete)));

}  // namespace
}  // namespace wasm_server

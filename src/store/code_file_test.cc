#include "store/code_file.h"

#include <cstddef>
#include <filesystem>
#include <iterator>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "store/lmdb_store_test.h"
#include "testing/temporary_directory.h"

namespace wasm_server {
namespace {

class CodeFileTest : public testing::Test {
 protected:
  CodeFileTest() { open(); }

  void open(std::uint64_t most = 1024 * kMiB) {
    file_.reset();
    file_ = CodeFile::open(path_, most).value();
  }

  std::string read(const CodePlace& place) const {
    Bytes code;
    EXPECT_TRUE(file_->read(place, 0, place.size, code).has_value());
    return code;
  }

  TemporaryDirectory directory_;
  const std::filesystem::path path_ = directory_.path() / "code";
  std::unique_ptr<CodeFile> file_;
};

// Less than a block, whole blocks, and more than is written at once.
TEST_F(CodeFileTest, GivesBackCodeOfAnySize) {
  std::vector<std::string> codes;
  std::vector<CodePlace> places;
  for (const std::size_t size : {1U, 4095U, 4096U, 4097U, 1'000'000U, 9'000'000U, 5U}) {
    codes.push_back(patterned(size, static_cast<unsigned>(size)));
    places.push_back(file_->add(codes.back()).value());
  }
  ASSERT_TRUE(file_->sync().has_value());
  file_->keep();
  for (std::size_t i = 0; i < codes.size(); ++i) {
    EXPECT_EQ(places[i].offset % CodeFile::kBlock, 0U);
    EXPECT_TRUE(read(places[i]) == codes[i]) << codes[i].size();
  }
  open();
  for (std::size_t i = 0; i < codes.size(); ++i) {
    EXPECT_TRUE(file_->use(places[i]).has_value());
    EXPECT_TRUE(read(places[i]) == codes[i]) << codes[i].size();
  }
}

TEST_F(CodeFileTest, ReadsPartsAndNothingBehindTheEnd) {
  const std::string code = patterned(10'000);
  const auto place = file_->add(code).value();
  ASSERT_TRUE(file_->sync().has_value());
  Bytes part = "something else";
  ASSERT_TRUE(file_->read(place, 4000, 1000, part).has_value());
  EXPECT_EQ(part, code.substr(4000, 1000));
  ASSERT_TRUE(file_->read(place, 9990, 1000, part).has_value());
  EXPECT_EQ(part, code.substr(9990));
  ASSERT_TRUE(file_->read(place, ~0ULL, 1000, part).has_value());
  EXPECT_EQ(part, "");
}

TEST_F(CodeFileTest, WhatIsDroppedIsUsedAgain) {
  const auto first = file_->add(patterned(10'000)).value();
  file_->drop();
  EXPECT_EQ(file_->used(), 0U);
  const auto second = file_->add(patterned(9'000, 2)).value();
  EXPECT_EQ(second.offset, first.offset);
  const auto third = file_->add(patterned(9'000, 3)).value();
  file_->drop_last();
  const auto fourth = file_->add(patterned(8'500, 4)).value();
  EXPECT_EQ(fourth.offset, third.offset);
  ASSERT_TRUE(file_->sync().has_value());
  EXPECT_TRUE(read(second) == patterned(9'000, 2));
  EXPECT_TRUE(read(fourth) == patterned(8'500, 4));
  EXPECT_EQ(file_->used(), 2 * 3 * CodeFile::kBlock);
}

TEST_F(CodeFileTest, WhatIsKeptIsNotDropped) {
  const auto first = file_->add(patterned(10'000)).value();
  ASSERT_TRUE(file_->sync().has_value());
  file_->keep();
  file_->drop();
  const auto second = file_->add(patterned(10'000, 2)).value();
  EXPECT_NE(second.offset, first.offset);
  EXPECT_TRUE(read(first) == patterned(10'000));
}

TEST_F(CodeFileTest, DoesNotUseAgainWhatSomebodyMayBeReading) {
  const auto first = file_->add(patterned(10'000)).value();
  ASSERT_TRUE(file_->sync().has_value());
  file_->keep();
  auto held = file_->hold();
  file_->give_back({first});
  const auto second = file_->add(patterned(10'000, 2)).value();
  ASSERT_TRUE(file_->sync().has_value());
  EXPECT_NE(second.offset, first.offset);
  EXPECT_TRUE(read(first) == patterned(10'000));
  held.end();
  EXPECT_EQ(file_->add(patterned(10'000, 3)).value().offset, first.offset);
}

TEST_F(CodeFileTest, UsesSpaceAgainThoughSomebodyReadsAllTheTime) {
  const auto first = file_->add(patterned(10'000)).value();
  ASSERT_TRUE(file_->sync().has_value());
  file_->keep();
  auto before = file_->hold();
  file_->give_back({first});
  const auto after = file_->hold();
  before.end();
  EXPECT_EQ(file_->add(patterned(10'000, 2)).value().offset, first.offset);
}

TEST_F(CodeFileTest, FindsTheFreePiecesBetweenThoseThatAreUsed) {
  std::vector<CodePlace> places;
  for (unsigned i = 0; i < 3; ++i) places.push_back(file_->add(patterned(5'000, i)).value());
  ASSERT_TRUE(file_->sync().has_value());
  open();
  ASSERT_TRUE(file_->use(places[0]).has_value());
  ASSERT_TRUE(file_->use(places[2]).has_value());
  EXPECT_EQ(file_->used(), 4 * CodeFile::kBlock);
  EXPECT_EQ(file_->add(patterned(5'000, 7)).value().offset, places[1].offset);
  ASSERT_TRUE(file_->sync().has_value());
  EXPECT_TRUE(read(places[0]) == patterned(5'000, 0));
  EXPECT_TRUE(read(places[2]) == patterned(5'000, 2));
}

TEST_F(CodeFileTest, SaysFullWithNothingUsed) {
  open(100 * CodeFile::kBlock);
  const auto place = file_->add(patterned(90 * CodeFile::kBlock)).value();
  const auto refused = file_->add(patterned(11 * CodeFile::kBlock));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kStorageFull);
  EXPECT_EQ(file_->used(), 90 * CodeFile::kBlock);
  EXPECT_TRUE(file_->add(patterned(10 * CodeFile::kBlock, 2)).has_value());
  ASSERT_TRUE(file_->sync().has_value());
  EXPECT_TRUE(read(place) == patterned(90 * CodeFile::kBlock));
  EXPECT_LE(std::filesystem::file_size(path_), 100 * CodeFile::kBlock);
}

TEST_F(CodeFileTest, RefusesPlacesThatCannotBe) {
  const auto place = file_->add(patterned(10'000)).value();
  ASSERT_TRUE(file_->sync().has_value());
  open();
  ASSERT_TRUE(file_->use(place).has_value());
  EXPECT_FALSE(file_->use(place).has_value());             // is used already
  EXPECT_FALSE(file_->use({1ULL << 40, 10}).has_value());  // the file ends before
  EXPECT_FALSE(file_->use({(1ULL << 63) + (1ULL << 62), 1ULL << 63}).has_value());  // nor wraps
  EXPECT_FALSE(file_->use({0, ~0ULL}).has_value());
  EXPECT_FALSE(file_->use({~0ULL - 4095, 4096}).has_value());
  EXPECT_FALSE(file_->use({place.offset + 30'001, 10}).has_value());  // not where code begins
}

// Small batches and large ones, at the end and into space that was used before: neither a batch nor
// the zeroes that are written ahead of small ones touch what is kept.
TEST_F(CodeFileTest, NothingIsWrittenOverWhatIsKept) {
  std::map<unsigned, CodePlace> kept;  // by the seed of the code
  std::mt19937 dice{5};
  unsigned seed = 0;
  for (int batch = 0; batch < 150; ++batch) {
    std::map<unsigned, CodePlace> added;
    for (unsigned left = dice() % 8 == 0 ? 30 : 1; left > 0; --left) {
      const std::size_t size = 1 + dice() % (dice() % 10 == 0 ? 3'000'000 : 200'000);
      ++seed;
      added.emplace(seed, file_->add(patterned(size, seed)).value());
    }
    if (dice() % 5 == 0) {
      file_->drop();
      continue;
    }
    ASSERT_TRUE(file_->sync().has_value());
    file_->keep();
    kept.merge(added);
    while (kept.size() > 40 || (!kept.empty() && dice() % 3 == 0)) {
      const auto gone = std::next(kept.begin(), static_cast<std::ptrdiff_t>(dice() % kept.size()));
      file_->give_back({gone->second});
      kept.erase(gone);
    }
  }
  std::uint64_t used = 0;
  for (const auto& [number, place] : kept) {
    EXPECT_TRUE(read(place) == patterned(place.size, number)) << number;
    used += CodeFile::whole_blocks(place.size);
  }
  EXPECT_EQ(file_->used(), used);
  EXPECT_FALSE(kept.empty());
}

}  // namespace
}  // namespace wasm_server

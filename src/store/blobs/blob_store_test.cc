#include "store/blobs/blob_store.h"

#include <sys/stat.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "testing/temporary_directory.h"
#include "testing/test_store.h"

namespace wasm_server {
namespace {

class BlobStoreTest : public testing::Test {
 protected:
  BlobStoreTest() { open(); }

  void open(std::uint64_t max = 1ULL << 30) {
    file_.reset();
    const auto is = std::filesystem::exists(path_) ? BlobStore::Is::kThere : BlobStore::Is::kNew;
    file_ = BlobStore::open(path_, max, kMark, is).value();
  }

  std::string read(const Blob& blob) const {
    Bytes code;
    EXPECT_TRUE(file_->read(blob, 0, blob.extent.size, code).has_value());
    return code;
  }
  // As the disk would.
  void flip_bit(std::uint64_t at) {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at));
    const int byte = file.get();
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(byte ^ 16));
  }
  void release(const Blob& blob) { file_->release({&blob.extent, 1}); }

  static constexpr std::string_view kMark = "sixteen letters.";
  TemporaryDirectory directory_;
  const std::filesystem::path path_ = directory_.path() / "code";
  std::unique_ptr<BlobStore> file_;
};

// Less than a block, whole blocks, and more than is written at once.
TEST_F(BlobStoreTest, GivesBackCodeOfAnySize) {
  std::vector<std::string> codes;
  std::vector<Blob> blobs;
  for (const std::size_t size : {1U, 4095U, 4096U, 4097U, 1'000'000U, 9'000'000U, 5U}) {
    codes.push_back(patterned(size, static_cast<unsigned>(size)));
    blobs.push_back(file_->add(codes.back()).value());
  }
  ASSERT_TRUE(file_->sync().has_value());
  file_->keep();
  for (std::size_t i = 0; i < codes.size(); ++i) {
    EXPECT_EQ(blobs[i].extent.offset % BlobStore::kBlock, 0U);
    EXPECT_TRUE(read(blobs[i]) == codes[i]) << codes[i].size();
  }
  open();
  for (std::size_t i = 0; i < codes.size(); ++i) {
    EXPECT_TRUE(file_->use(blobs[i].extent).has_value());
    EXPECT_TRUE(read(blobs[i]) == codes[i]) << codes[i].size();
  }
}

TEST_F(BlobStoreTest, ReadsPartsAndNothingBehindTheEnd) {
  const std::string code = patterned(10'000);
  const auto blob = file_->add(code).value();
  ASSERT_TRUE(file_->sync().has_value());
  Bytes part = "something else";
  ASSERT_TRUE(file_->read(blob, 4000, 1000, part).has_value());
  EXPECT_EQ(part, code.substr(4000, 1000));
  ASSERT_TRUE(file_->read(blob, 9990, 1000, part).has_value());
  EXPECT_EQ(part, code.substr(9990));
  ASSERT_TRUE(file_->read(blob, ~0ULL, 1000, part).has_value());
  EXPECT_EQ(part, "");
}

TEST_F(BlobStoreTest, WhatIsDroppedIsUsedAgain) {
  const auto first = file_->add(patterned(10'000)).value();
  file_->drop();
  const auto second = file_->add(patterned(9'000, 2)).value();
  EXPECT_EQ(second.extent.offset, first.extent.offset);
  const auto third = file_->add(patterned(9'000, 3)).value();
  file_->drop(1);
  const auto fourth = file_->add(patterned(8'500, 4)).value();
  EXPECT_EQ(fourth.extent.offset, third.extent.offset);
  ASSERT_TRUE(file_->sync().has_value());
  EXPECT_TRUE(read(second) == patterned(9'000, 2));
  EXPECT_TRUE(read(fourth) == patterned(8'500, 4));
}

TEST_F(BlobStoreTest, WhatIsKeptIsNotDropped) {
  const auto first = file_->add(patterned(10'000)).value();
  ASSERT_TRUE(file_->sync().has_value());
  file_->keep();
  file_->drop();
  const auto second = file_->add(patterned(10'000, 2)).value();
  EXPECT_NE(second.extent.offset, first.extent.offset);
  EXPECT_TRUE(read(first) == patterned(10'000));
}

TEST_F(BlobStoreTest, DoesNotUseAgainWhatSomebodyMayBeReading) {
  const auto first = file_->add(patterned(10'000)).value();
  ASSERT_TRUE(file_->sync().has_value());
  file_->keep();
  auto held = file_->hold();
  release(first);
  const auto second = file_->add(patterned(10'000, 2)).value();
  ASSERT_TRUE(file_->sync().has_value());
  EXPECT_NE(second.extent.offset, first.extent.offset);
  EXPECT_TRUE(read(first) == patterned(10'000));
  held.end();
  EXPECT_EQ(file_->add(patterned(10'000, 3)).value().extent.offset, first.extent.offset);
}

TEST_F(BlobStoreTest, UsesSpaceAgainThoughSomebodyReadsAllTheTime) {
  const auto first = file_->add(patterned(10'000)).value();
  ASSERT_TRUE(file_->sync().has_value());
  file_->keep();
  auto before = file_->hold();
  release(first);
  const auto after = file_->hold();
  before.end();
  EXPECT_EQ(file_->add(patterned(10'000, 2)).value().extent.offset, first.extent.offset);
}

TEST_F(BlobStoreTest, FindsTheFreePiecesBetweenThoseThatAreUsed) {
  std::vector<Blob> blobs;
  for (unsigned i = 0; i < 3; ++i) blobs.push_back(file_->add(patterned(5'000, i)).value());
  ASSERT_TRUE(file_->sync().has_value());
  open();
  ASSERT_TRUE(file_->use(blobs[0].extent).has_value());
  ASSERT_TRUE(file_->use(blobs[2].extent).has_value());
  EXPECT_EQ(file_->add(patterned(5'000, 7)).value().extent.offset, blobs[1].extent.offset);
  ASSERT_TRUE(file_->sync().has_value());
  EXPECT_TRUE(read(blobs[0]) == patterned(5'000, 0));
  EXPECT_TRUE(read(blobs[2]) == patterned(5'000, 2));
}

TEST_F(BlobStoreTest, SaysFullWithNothingUsed) {
  open(101 * BlobStore::kBlock);
  const auto blob = file_->add(patterned(90 * BlobStore::kBlock)).value();
  const auto refused = file_->add(patterned(11 * BlobStore::kBlock));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kStorageFull);
  EXPECT_TRUE(file_->add(patterned(10 * BlobStore::kBlock, 2)).has_value());
  ASSERT_TRUE(file_->sync().has_value());
  EXPECT_TRUE(read(blob) == patterned(90 * BlobStore::kBlock));
  EXPECT_LE(std::filesystem::file_size(path_), 101 * BlobStore::kBlock);
}

TEST_F(BlobStoreTest, IsTheFileOfItsStoreOnly) {
  ASSERT_TRUE(file_->add(patterned(10'000)).has_value());
  ASSERT_TRUE(file_->sync().has_value());
  const auto is_opened = [this](std::string_view mark, BlobStore::Is is) {
    return BlobStore::open(path_, 1U << 30, mark, is).has_value();
  };
  EXPECT_TRUE(is_opened(kMark, BlobStore::Is::kThere));
  EXPECT_FALSE(is_opened("another sixteen.", BlobStore::Is::kThere));
  flip_bit(3);
  EXPECT_FALSE(is_opened(kMark, BlobStore::Is::kThere));
  std::filesystem::remove(path_);
  EXPECT_FALSE(is_opened(kMark, BlobStore::Is::kThere));
  EXPECT_FALSE(std::filesystem::exists(path_));
  std::ofstream{path_} << "torn";  // as a crash may leave it before the first commit
  EXPECT_TRUE(is_opened(kMark, BlobStore::Is::kNew));
  EXPECT_TRUE(is_opened(kMark, BlobStore::Is::kThere));
}

// A full disk gets back what a delete frees.
TEST_F(BlobStoreTest, GivesSpaceBackWhenItIsTold) {
  const auto blocks = [this] {
    struct stat status{};
    EXPECT_EQ(stat(path_.c_str(), &status), 0);
    return status.st_blocks;
  };
  const auto first = file_->add(patterned(3'000'000)).value();
  const auto second = file_->add(patterned(3'000'000, 2)).value();
  ASSERT_TRUE(file_->sync().has_value());
  file_->keep();
  const auto before = blocks();
  file_->return_space(true);
  release(first);
  EXPECT_LT(blocks() + 5'000, before);
  EXPECT_TRUE(read(second) == patterned(3'000'000, 2));
  const auto third = file_->add(patterned(3'000'000, 3)).value();
  ASSERT_TRUE(file_->sync().has_value());
  EXPECT_EQ(third.extent.offset, first.extent.offset);
  EXPECT_TRUE(read(third) == patterned(3'000'000, 3));
}

TEST_F(BlobStoreTest, RefusesPlacesThatCannotBe) {
  const auto blob = file_->add(patterned(10'000)).value();
  ASSERT_TRUE(file_->sync().has_value());
  open();
  ASSERT_TRUE(file_->use(blob.extent).has_value());
  EXPECT_FALSE(file_->use(blob.extent).has_value());       // is used already
  EXPECT_FALSE(file_->use({1ULL << 40, 10}).has_value());  // the file ends before
  EXPECT_FALSE(file_->use({(1ULL << 63) + (1ULL << 62), 1ULL << 63}).has_value());  // nor wraps
  EXPECT_FALSE(file_->use({0, ~0ULL}).has_value());
  EXPECT_FALSE(file_->use({~0ULL - 4095, 4096}).has_value());
  EXPECT_FALSE(file_->use({blob.extent.offset + 30'001, 10}).has_value());  // not where code begins
}

TEST_F(BlobStoreTest, NeverGivesBytesThatAreNotWhatWasStored) {
  const std::string code = patterned(3 * kBlobChunk + 1'000);
  const auto blob = file_->add(code).value();
  ASSERT_TRUE(file_->sync().has_value());
  file_->keep();
  EXPECT_EQ(blob.checksums.size(), 4U);
  const std::size_t bad = 2 * kBlobChunk + 777;
  flip_bit(blob.extent.offset + bad);
  Bytes part;
  EXPECT_TRUE(file_->read(blob, 0, 2 * kBlobChunk, part).has_value());
  EXPECT_TRUE(part == code.substr(0, 2 * kBlobChunk));
  EXPECT_TRUE(file_->read(blob, 3 * kBlobChunk, 1'000, part).has_value());
  // Every read that touches the chunk, whether it asks for the byte or not.
  for (const auto& [offset, length] : {std::pair{std::size_t{0}, code.size()},
                                       {bad, 1U},
                                       {2 * kBlobChunk, 1U},
                                       {2 * kBlobChunk - 1, 2U}}) {
    const auto damaged = file_->read(blob, offset, length, part);
    ASSERT_FALSE(damaged.has_value()) << offset;
    EXPECT_EQ(damaged.error().code, ErrorCode::kInternal);
    EXPECT_NE(damaged.error().log.find(std::to_string(blob.extent.offset + 2 * kBlobChunk)),
              std::string::npos)
        << damaged.error().log;
  }
}

TEST_F(BlobStoreTest, RefusesABlobWithoutItsChecksums) {
  auto blob = file_->add(patterned(kBlobChunk + 1)).value();
  ASSERT_TRUE(file_->sync().has_value());
  blob.checksums.pop_back();
  Bytes part;
  EXPECT_TRUE(file_->read(blob, 0, 10, part).has_value());
  EXPECT_FALSE(file_->read(blob, 0, kBlobChunk + 1, part).has_value());
}

// Small batches and large ones, at the end and into space that was used before: neither a batch nor
// the zeroes that are written ahead of small ones touch what is kept.
TEST_F(BlobStoreTest, NothingIsWrittenOverWhatIsKept) {
  std::map<unsigned, Blob> kept;  // by the seed of the code
  std::mt19937 dice{5};
  unsigned seed = 0;
  for (int batch = 0; batch < 150; ++batch) {
    std::map<unsigned, Blob> added;
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
      release(gone->second);
      kept.erase(gone);
    }
  }
  for (const auto& [number, blob] : kept) {
    EXPECT_TRUE(read(blob) == patterned(blob.extent.size, number)) << number;
  }
  EXPECT_FALSE(kept.empty());
}

}  // namespace
}  // namespace wasm_server

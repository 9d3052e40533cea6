#include "store/journal.h"

#include <filesystem>
#include <fstream>
#include <ios>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "testing/temporary_directory.h"

namespace wasm_server {
namespace {

using Batches = std::vector<std::pair<std::uint64_t, std::string>>;

class JournalTest : public testing::Test {
 protected:
  JournalTest() { open(); }

  void open() {
    journal_.reset();
    journal_ = Journal::open(path_).value();
  }

  // What a start finds.
  Result<Batches> found(std::uint64_t applied) {
    open();
    Batches batches;
    const auto take = [&](std::uint64_t number, std::string_view payload) -> Result<void> {
      batches.emplace_back(number, payload);
      return {};
    };
    if (auto replayed = journal_->replay(applied, take); !replayed)
      return std::unexpected{std::move(replayed).error()};
    return batches;
  }

  void append(std::uint64_t number, std::string_view payload) {
    ASSERT_TRUE(journal_->append(number, payload).has_value());
  }

  void overwrite(std::streamoff place, std::string_view bytes) {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(place);
    file << bytes;
  }

  TemporaryDirectory directory_;
  const std::filesystem::path path_ = directory_.path() / "journal";
  std::unique_ptr<Journal> journal_;
};

constexpr std::streamoff kHeader = 24;

TEST_F(JournalTest, GivesBackWhatWasAppendedInOrder) {
  append(1, "one");
  append(2, "");
  append(3, std::string(100'000, 'x'));
  EXPECT_EQ(found(0).value(), (Batches{{1, "one"}, {2, ""}, {3, std::string(100'000, 'x')}}));
  EXPECT_EQ(found(2).value(), (Batches{{3, std::string(100'000, 'x')}}));
  EXPECT_EQ(found(3).value(), Batches{});
}

TEST_F(JournalTest, ANewOneIsEmptyAndWrittenInFull) {
  EXPECT_EQ(found(0).value(), Batches{});
  EXPECT_EQ(std::filesystem::file_size(path_), 2 * Journal::kHalf);
}

TEST_F(JournalTest, GoesOnInTheOtherHalf) {
  append(1, "one");
  journal_->turn();
  append(2, "two");
  EXPECT_EQ(found(0).value(), (Batches{{1, "one"}, {2, "two"}}));
  EXPECT_EQ(found(1).value(), (Batches{{2, "two"}}));
}

TEST_F(JournalTest, WhatAnEarlierUseHasLeftIsNotFound) {
  for (std::uint64_t number = 1; number <= 5; ++number) append(number, "same size");
  journal_->turn();
  for (std::uint64_t number = 6; number <= 9; ++number) append(number, "same size");
  journal_->turn();
  append(10, "same size");
  EXPECT_EQ(found(9).value(), (Batches{{10, "same size"}}));
  EXPECT_EQ(found(5).value(), (Batches{{6, "same size"},
                                       {7, "same size"},
                                       {8, "same size"},
                                       {9, "same size"},
                                       {10, "same size"}}));
}

TEST_F(JournalTest, StartsAgainWhenAllIsApplied) {
  for (std::uint64_t number = 1; number <= 5; ++number) append(number, "same size");
  journal_->restart();
  append(7, "same size");  // 6 went to the database itself
  EXPECT_EQ(found(6).value(), (Batches{{7, "same size"}}));
}

TEST_F(JournalTest, ABatchThatWasNotWrittenToItsEndIsNotThere) {
  append(1, "one");
  append(2, "two");
  overwrite(kHeader + 3 + kHeader + 2, "X");
  EXPECT_EQ(found(0).value(), (Batches{{1, "one"}}));
}

// The checksum covers the number as well.
TEST_F(JournalTest, ABatchWithAnotherNumberIsNotThere) {
  append(1, "one");
  overwrite(8, "\2");
  EXPECT_EQ(found(0).value(), Batches{});
}

TEST_F(JournalTest, TellsThatABatchIsMissing) {
  append(1, "one");
  append(2, "two");
  journal_->turn();
  append(3, "three");
  overwrite(kHeader + 3 + kHeader, "X");
  const auto batches = found(0);
  ASSERT_FALSE(batches.has_value());
  EXPECT_NE(batches.error().log.find("batch 2 is missing"), std::string::npos)
      << batches.error().log;
}

TEST_F(JournalTest, SaysWhatFits) {
  EXPECT_TRUE(journal_->fits(Journal::kHalf - kHeader));
  EXPECT_FALSE(journal_->fits(Journal::kHalf));
  append(1, std::string(Journal::kHalf / 2, 'x'));
  EXPECT_FALSE(journal_->fits(Journal::kHalf / 2));
  EXPECT_TRUE(journal_->fits(Journal::kHalf / 3));
  journal_->turn();
  EXPECT_TRUE(journal_->fits(Journal::kHalf / 2));
}

TEST_F(JournalTest, AnyBytesAtAllMayStandInTheFile) {
  for (const std::string_view bytes : {std::string_view{"WSJ1\xff\xff\xff\xff", 8},
                                       std::string_view{"WSJ1"}, std::string_view{"garbage"}}) {
    std::ofstream{path_, std::ios::binary | std::ios::trunc} << bytes;
    EXPECT_EQ(found(0).value(), Batches{}) << bytes;
    append(1, "one");
    EXPECT_EQ(found(0).value(), (Batches{{1, "one"}})) << bytes;
  }
}

}  // namespace
}  // namespace wasm_server

#include "store/journal.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <ios>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <xxhash.h>

#include "testing/temporary_directory.h"

namespace wasm_server {
namespace {

using Batches = std::vector<std::pair<std::uint64_t, std::string>>;

class JournalTest : public testing::Test {
 protected:
  JournalTest() { open(); }

  void open() {
    journal_.reset();
    journal_ = Journal::open(path_, 77).value();
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

constexpr std::streamoff kHeader = 32;

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

// Wherever in it the damage is: in the magic, the size, the number, the checksums, the payload; and
// however much of what is around.
TEST_F(JournalTest, TellsThatABatchBeforeOthersIsDamaged) {
  for (std::streamoff place = 0; place < kHeader + 3; ++place) {
    for (std::uint64_t number = 1; number <= 3; ++number) append(number, "one");
    const auto most = static_cast<std::size_t>(kHeader + 3 - place);
    overwrite(kHeader + 3 + place,
              std::string(std::min<std::size_t>(place % 3 == 0 ? 1 : 5, most), '\xfe'));
    const auto batches = found(0);
    ASSERT_FALSE(batches.has_value()) << place;
    EXPECT_NE(batches.error().log.find("the journal is damaged: batch 2 is missing"),
              std::string::npos)
        << batches.error().log;
    EXPECT_EQ(found(3).value(), Batches{}) << "all of it is applied";
  }
}

TEST_F(JournalTest, TellsThatTheFirstBatchesOfTheOtherHalfAreDamaged) {
  append(1, "one");
  journal_->turn();
  append(2, "two");
  append(3, "three");
  append(4, "four");
  overwrite(Journal::kHalf, std::string(50, '\0'));
  EXPECT_FALSE(found(0).has_value());
  EXPECT_FALSE(found(1).has_value());
}

// Neither what an earlier use has left behind a torn batch nor what a client has stored.
TEST_F(JournalTest, ATornBatchBeforeWhatLooksLikeOthersIsNotDamage) {
  for (std::uint64_t number = 1; number <= 5; ++number) append(number, "same size");
  std::ifstream file(path_, std::ios::binary);
  std::string forged(5 * (kHeader + 9), '\0');
  file.read(forged.data(), static_cast<std::streamsize>(forged.size()));
  const TemporaryDirectory elsewhere;
  auto other = Journal::open(elsewhere.path() / "journal", 78).value();
  ASSERT_TRUE(other->append(1000, "forged with another key").has_value());
  std::ifstream theirs(elsewhere.path() / "journal", std::ios::binary);
  theirs.read(forged.data(), 100);
  journal_->restart();
  append(7, "two");
  append(8, forged);
  overwrite(kHeader + 3 + kHeader + static_cast<std::streamoff>(forged.size()) - 1, "X");
  EXPECT_EQ(found(6).value(), (Batches{{7, "two"}}));
}

TEST_F(JournalTest, ReadsEntriesOfOlderFormats) {
  // Written by the program before: batch 1, "one".
  const std::string checksum = [] {
    const std::uint64_t hash = XXH3_64bits_withSeed("one", 3, 1);
    return std::string{reinterpret_cast<const char*>(&hash), sizeof hash};
  }();
  overwrite(0, std::string{"WSJ1\3\0\0\0\1\0\0\0\0\0\0\0", 16} + checksum + "one");
  EXPECT_EQ(found(0).value(), (Batches{{1, "one"}}));
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

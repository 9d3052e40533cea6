#include "services/execution_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wasm_server {
namespace {

using testing::ElementsAre;

ExecutionEntry plain(std::uint64_t revision) {
  ExecutionEntry entry;
  entry.revision = revision;
  entry.ended = "returned";
  return entry;
}

ExecutionEntry loud(std::uint64_t revision, std::size_t bytes = 3) {
  ExecutionEntry entry = plain(revision);
  entry.details = std::make_shared<ExecutionEntry::Details>(
      ExecutionEntry::Details{.request_id = "r", .detail = {}, .stderr_bytes = Bytes(bytes, 'x')});
  return entry;
}

class ExecutionLogTest : public testing::Test {
 protected:
  std::vector<std::uint64_t> revisions(std::string_view id, std::optional<std::uint64_t> after = {},
                                       std::size_t limit = 1000) const {
    std::vector<std::uint64_t> found;
    for (const auto& entry : log_.read(id, after, limit)) found.push_back(entry.revision);
    return found;
  }
  std::vector<std::uint64_t> taken() {
    std::vector<std::uint64_t> found;
    for (const auto& recorded : log_.take_new()) found.push_back(recorded.entry.revision);
    return found;
  }

  ExecutionLog log_{{.bytes = 64U << 10, .module_bytes = 16U << 10}, 2};
  ExecutionLog::Writer& first_ = log_.writer(0);
  ExecutionLog::Writer& second_ = log_.writer(1);
};

TEST_F(ExecutionLogTest, GivesWhatAllWorkersRecordedInItsOrder) {
  for (const std::uint64_t revision : {1U, 3U}) {
    first_.add("m", plain(revision));
    second_.add("m", loud(revision + 1));
  }
  first_.add("other", plain(9));
  EXPECT_THAT(revisions("m"), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(revisions("other"), ElementsAre(9));
  EXPECT_THAT(revisions("nobody"), ElementsAre());
}

TEST_F(ExecutionLogTest, GivesTheNewestOrThoseBehindANumber) {
  for (std::uint64_t revision = 1; revision <= 6; ++revision)
    (revision % 2 == 0 ? first_ : second_).add("m", plain(revision));
  EXPECT_THAT(revisions("m", {}, 3), ElementsAre(4, 5, 6));
  const auto all = log_.read("m", {}, 10);
  EXPECT_THAT(revisions("m", all[1].number, 3), ElementsAre(3, 4, 5));
  EXPECT_THAT(revisions("m", all[4].number, 3), ElementsAre(6));
  EXPECT_THAT(revisions("m", all[5].number, 3), ElementsAre());
}

TEST_F(ExecutionLogTest, KeepsTheNewestOfAModuleWithinItsBound) {
  for (std::uint64_t revision = 1; revision <= 100; ++revision)
    first_.add("m", loud(revision, 1000));
  const auto kept = revisions("m");
  EXPECT_GE(kept.size(), 4U);
  EXPECT_LE(kept.size(), 8U) << "a half of 16 KiB, which each worker has";
  EXPECT_EQ(kept.back(), 100U);
}

TEST_F(ExecutionLogTest, DropsTheModuleThatWasLongestQuietBeyondTheBoundOfAll) {
  for (int module = 0; module < 20; ++module) {
    first_.add("m" + std::to_string(module), loud(1, 4000));
    first_.add("m0", plain(2));
  }
  EXPECT_THAT(revisions("m1"), ElementsAre());
  EXPECT_FALSE(revisions("m0").empty());
  EXPECT_THAT(revisions("m19"), ElementsAre(1));
}

TEST_F(ExecutionLogTest, KeepsOneEntryThatIsLargerThanItsBound) {
  first_.add("m", loud(1, 60'000));
  EXPECT_THAT(revisions("m"), ElementsAre(1));
}

TEST_F(ExecutionLogTest, ForgetsAModule) {
  first_.add("m", plain(1));
  second_.add("m", plain(2));
  log_.forget("m");
  EXPECT_THAT(revisions("m"), ElementsAre());
  EXPECT_THAT(taken(), ElementsAre());
  first_.add("m", plain(3));
  EXPECT_THAT(revisions("m"), ElementsAre(3));
}

TEST_F(ExecutionLogTest, HandsOutWhatIsNewOnce) {
  first_.add("m", plain(1));
  second_.add("m", loud(2));
  EXPECT_THAT(taken(), ElementsAre(1, 2));
  EXPECT_THAT(taken(), ElementsAre());
  first_.add("m", plain(3));
  EXPECT_THAT(taken(), ElementsAre(3));
}

TEST_F(ExecutionLogTest, LeavesPlainEndsOfABusyModuleOutOfWhatIsNew) {
  first_.add("m", loud(1));
  for (std::uint64_t revision = 2; revision <= 60; ++revision) first_.add("m", plain(revision));
  const auto found = taken();
  EXPECT_EQ(found.size(), 33U);
  EXPECT_EQ(found.front(), 1U) << "what has something to say is never left out";
  EXPECT_EQ(found[1], 29U);
  EXPECT_EQ(found.back(), 60U);
}

TEST_F(ExecutionLogTest, GoesOnBehindWhatAFormerProcessRecorded) {
  ExecutionEntry former = loud(1);
  former.number = 700;
  log_.restore({"m", former});
  former.number = 600;  // not in the order: of a damaged file
  log_.restore({"m", former});
  log_.restored();
  EXPECT_EQ(log_.read("m", {}, 10).size(), 1U);
  EXPECT_THAT(taken(), ElementsAre()) << "it is on disk";
  second_.add("m", plain(2));
  EXPECT_GT(log_.read("m", {}, 1).front().number, 700U);
  EXPECT_THAT(taken(), ElementsAre(2));
}

TEST(ExecutionLog, RecordsNothingWithoutRoom) {
  ExecutionLog log{{.bytes = 0}, 1};
  log.writer(0).add("m", plain(1));
  EXPECT_TRUE(log.read("m", {}, 10).empty());
  EXPECT_FALSE(log.is_on());
}

}  // namespace
}  // namespace wasm_server

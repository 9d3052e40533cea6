// The log of jobs: what is read back from it, and what it makes of an empty database.

#include "runner/store_job_log.h"

#include <filesystem>
#include <map>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "jobs/channel.h"
#include "jobs/job_codec.h"
#include "runner/apply_entry.h"
#include "runner/runner.h"
#include "store/batch.h"
#include "store/open_store.h"
#include "testing/modules.h"
#include "testing/test_store.h"

namespace wasm_server {
namespace {

// All that a store has, table by table.
using Dump = std::vector<std::pair<std::string, std::string>>;
Dump dump(const Store& store) {
  Dump all;
  for (std::size_t i = 0; i < kTables; ++i) {
    const auto cursor = store.scan(static_cast<Table>(i), {});
    for (; cursor->valid(); cursor->next())
      all.emplace_back(table_names()[i] + std::string(1, '/') + std::string{cursor->key()},
                       cursor->value());
    EXPECT_TRUE(cursor->status().has_value());
  }
  return all;
}

class StoreJobLogTest : public testing::Test {
 protected:
  // Each list is done as one batch, as the runner does what waits for it.
  void run(std::vector<WasmJob> jobs) {
    JobChannel channel{{}};
    StoreJobLog log{*store_};
    Runner runner{*store_, log, channel.rx()};
    for (WasmJob& job : jobs) {
      if (job.wasm) codes_[job.wasm->digest] = job.wasm->bytes;
      ASSERT_TRUE(channel.tx().try_send({std::move(job), [](auto) {}}).has_value());
    }
    runner.start();
    channel.close();
    runner.stop();
  }

  void run_one_of_every_type() {
    std::vector<WasmJob> jobs;
    jobs.push_back(save_job("small", "code"));
    jobs.push_back(save_job("gone", patterned(5'000)));
    jobs.push_back(save_job("large", patterned(100'000)));
    save_details(jobs.back()).change.labels = StringMap{{"team", "maths"}};
    run(std::move(jobs));
    jobs.clear();
    jobs.push_back(modify_job("small", make_code(patterned(70'000, 2))));
    jobs.push_back(modify_job("large"));
    modify_details(jobs.back()).change.env = StringMap{{"HOME", "/"}};
    jobs.push_back(save_job("small", "exists, so that it fails"));
    jobs.push_back(delete_job("gone"));
    run(std::move(jobs));
    jobs.clear();
    jobs.push_back(modify_job("small"));
    modify_details(jobs.back()).revision = 1;
    jobs.push_back(create_token_job("a"));
    jobs.push_back(create_token_job("b"));
    jobs.push_back(token_job("a", RotateTokenJob{sha256("new"), 5}));
    jobs.push_back(token_job("a", NoteTokenUseJob{}));
    jobs.push_back(token_job("b", RevokeTokenJob{}));
    jobs.push_back(token_job("kept", PutSecretJob{7, "sealed"}));
    jobs.push_back(token_job("gone", PutSecretJob{7, "sealed"}));
    jobs.push_back(token_job("kept", PutSecretJob{8, "anew"}));
    jobs.push_back(token_job("gone", DeleteSecretJob{}));
    run(std::move(jobs));
    jobs.clear();
    jobs.push_back(delete_job("never was, so that it fails"));
    run(std::move(jobs));
  }

  std::vector<LogEntry> read(std::uint64_t from = 1) const {
    std::vector<LogEntry> entries;
    const auto done = StoreJobLog{*store_}.read(from, [&](LogEntry entry) -> Result<bool> {
      entries.push_back(std::move(entry));
      return true;
    });
    EXPECT_TRUE(done.has_value()) << done.error().message << done.error().log;
    return entries;
  }

  Result<void> apply(Store& store, LogEntry entry) const {
    return apply_entry(
        store, std::move(entry),
        [this](const Digest& digest) -> Result<SharedBytes> { return codes_.at(digest); });
  }

  TestStore store_;
  std::map<Digest, SharedBytes> codes_;
};

TEST_F(StoreJobLogTest, HasTheJobsThatSucceededInTheirBatches) {
  run_one_of_every_type();
  const auto entries = read();
  ASSERT_EQ(entries.size(), 3U);  // one without a job that succeeds is none
  EXPECT_EQ(entries[0].sequence, 1U);
  EXPECT_EQ(entries[2].sequence, 3U);
  EXPECT_EQ(store_->applied(), 3U);
  ASSERT_EQ(entries[1].jobs.size(), 3U);
  EXPECT_EQ(entries[1].jobs[0].meta_data.job_type, JobType::MODIFY);
  EXPECT_EQ(entries[1].jobs[0].wasm->digest, sha256(patterned(70'000, 2)));
  EXPECT_EQ(entries[1].jobs[2].meta_data.job_type, JobType::DELETE);
  EXPECT_EQ(entries[1].jobs[2].meta_data.id, "gone");
}

TEST_F(StoreJobLogTest, IsReadFromAnyNumberAndAsFarAsWanted) {
  run_one_of_every_type();
  EXPECT_EQ(read(3).size(), 1U);
  EXPECT_TRUE(read(4).empty());
  std::size_t seen = 0;
  const auto done =
      StoreJobLog{*store_}.read(1, [&](const LogEntry&) -> Result<bool> { return ++seen < 2; });
  EXPECT_TRUE(done.has_value());
  EXPECT_EQ(seen, 2U);
}

TEST_F(StoreJobLogTest, IsThereAfterARestartAndGoesOnThen) {
  run_one_of_every_type();
  const auto before = read();
  store_.open();
  EXPECT_EQ(store_->applied(), 3U);
  run({save_job("after", "code")});
  const auto after = read();
  ASSERT_EQ(after.size(), 4U);
  EXPECT_EQ(after[3].sequence, 4U);
  for (std::size_t i = 0; i < before.size(); ++i) {
    ASSERT_EQ(after[i].jobs.size(), before[i].jobs.size());
    EXPECT_EQ(encode_job(after[i].jobs[0]), encode_job(before[i].jobs[0]));
  }
}

// As after a kill, while the log's file has space ahead of its end.
TEST_F(StoreJobLogTest, IsThereInACopyOfTheFiles) {
  run_one_of_every_type();
  const TemporaryDirectory copy;
  std::filesystem::copy(store_.path(), copy.path(), std::filesystem::copy_options::recursive);
  const auto opened = open_store(copy.path(), {}).value();
  std::size_t seen = 0;
  const auto done = StoreJobLog{*opened}.read(1, [&](const LogEntry&) -> Result<bool> {
    ++seen;
    return true;
  });
  EXPECT_TRUE(done.has_value()) << done.error().log;
  EXPECT_EQ(seen, 3U);
}

TEST_F(StoreJobLogTest, MakesTheSameOfEveryEmptyDatabase) {
  run_one_of_every_type();
  const Dump original = dump(*store_);
  EXPECT_GT(original.size(), 6U);
  const auto entries = read();
  for (int round = 0; round < 2; ++round) {
    const TestStore other;
    for (const LogEntry& entry : entries) ASSERT_TRUE(apply(*other, entry).has_value());
    EXPECT_EQ(dump(*other), original);
    EXPECT_EQ(other.modules().read_code(sha256(patterned(100'000))).value(), patterned(100'000));
    // Its own log says the same.
    std::vector<std::uint64_t> numbers;
    const auto done = StoreJobLog{*other}.read(1, [&](const LogEntry& entry) -> Result<bool> {
      numbers.push_back(entry.sequence);
      return true;
    });
    EXPECT_TRUE(done.has_value());
    EXPECT_EQ(numbers, (std::vector<std::uint64_t>{1, 2, 3}));
  }
}

TEST_F(StoreJobLogTest, IsAppliedOnceHoweverOftenItComes) {
  run_one_of_every_type();
  const Dump original = dump(*store_);
  const auto entries = read();
  TestStore other;
  for (int round = 0; round < 2; ++round) {
    for (const LogEntry& entry : entries) {
      for (int again = 0; again < 2; ++again) ASSERT_TRUE(apply(*other, entry).has_value());
      other.open();
      ASSERT_TRUE(apply(*other, entry).has_value());
    }
  }
  EXPECT_EQ(dump(*other), original);
}

TEST_F(StoreJobLogTest, NoBatchIsCommittedUnderANumberThatWasApplied) {
  run_one_of_every_type();
  const auto batch = store_->begin().value();
  ASSERT_TRUE(batch->put(Table::kState, "key", "value").has_value());
  batch->set_entry({3, {}});
  EXPECT_FALSE(store_->commit(*batch).has_value());
  EXPECT_FALSE(store_->failed());
  std::string value;
  EXPECT_FALSE(store_->get(Table::kState, "key", value).value());
}

// Nothing of the entry is done, so that it can be looked at.
TEST_F(StoreJobLogTest, IsRefusedByADatabaseThatDiffers) {
  run_one_of_every_type();
  const auto entries = read();
  const TestStore other;
  const auto refused = apply(*other, entries[1]);  // of what the first has made
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kInternal);
  EXPECT_NE(refused.error().log.find("entry 2, job "), std::string::npos) << refused.error().log;
  EXPECT_TRUE(dump(*other).empty());
}

TEST_F(StoreJobLogTest, SaysWhatItHasForgotten) {
  store_.open({.log_bytes = 1U << 20});
  for (unsigned i = 0; i < 400; ++i) run({save_job("m" + std::to_string(i), patterned(10'000, i))});
  std::size_t seen = 0;
  const auto count = [&](const LogEntry&) -> Result<bool> { return ++seen > 0; };
  const auto forgotten = StoreJobLog{*store_}.read(1, count);
  ASSERT_FALSE(forgotten.has_value());
  EXPECT_EQ(forgotten.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(forgotten.error().message, "the log of jobs has forgotten entry 1");
  EXPECT_EQ(seen, 0U);
  EXPECT_TRUE(StoreJobLog{*store_}.read(400, count).has_value());
  EXPECT_EQ(seen, 1U);
}

// As a follower does it.
TEST_F(StoreJobLogTest, IsReadWhileItGrows) {
  const std::jthread writer{[this](const std::stop_token& stop) {
    for (unsigned i = 0; !stop.stop_requested(); ++i)
      run({save_job("m" + std::to_string(i), "code")});
  }};
  std::uint64_t next = 1;
  while (next < 60) {
    const auto done = StoreJobLog{*store_}.read(next, [&](const LogEntry& entry) -> Result<bool> {
      EXPECT_EQ(entry.sequence, next);
      ++next;
      return true;
    });
    ASSERT_TRUE(done.has_value()) << done.error().message << done.error().log;
  }
}

}  // namespace
}  // namespace wasm_server

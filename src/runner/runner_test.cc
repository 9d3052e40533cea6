#include "runner/runner.h"

#include <atomic>
#include <future>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "store/lmdb_store.h"
#include "testing/failing_store.h"
#include "testing/memory_store.h"
#include "testing/modules.h"
#include "testing/temporary_directory.h"

namespace wasm_server {
namespace {

using Answer = Result<JobResult>;

// Against both stores, each behind one that can be made to fail.
class RunnerTest : public testing::TestWithParam<const char*> {
 protected:
  RunnerTest() : real_(make_store()), store_(*real_), runner_(store_, channel_.rx()) {}
  ~RunnerTest() override { stop(); }

  std::unique_ptr<Store> make_store() {
    if (std::string_view{GetParam()} == "Memory") return std::make_unique<MemoryStore>();
    return LmdbStore::open(directory_.path(), {}).value();
  }

  std::future<Answer> send(WasmJob job) {
    auto promise = std::make_shared<std::promise<Answer>>();
    auto answer = promise->get_future();
    auto done = [promise](Answer result) { promise->set_value(std::move(result)); };
    EXPECT_TRUE(channel_.tx().try_send({std::move(job), std::move(done)}).has_value());
    return answer;
  }

  // Sends them all before the runner starts, so that they are one batch.
  std::vector<Answer> run_batch(std::vector<WasmJob> jobs) {
    std::vector<std::future<Answer>> waiting;
    for (WasmJob& job : jobs) waiting.push_back(send(std::move(job)));
    runner_.start();
    stop();
    std::vector<Answer> answers;
    for (auto& answer : waiting) answers.push_back(answer.get());
    return answers;
  }

  Answer run_one(WasmJob job) {
    std::vector<WasmJob> jobs;
    jobs.push_back(std::move(job));
    return run_batch(std::move(jobs)).at(0);
  }

  void stop() {
    channel_.close();
    runner_.stop();
  }

  // Behind the runner's back, for what a test starts from.
  void seed(const WasmMetaData& meta_data, std::string_view code) {
    auto transaction = real_->begin().value();
    ASSERT_TRUE(transaction->put(meta_data, std::make_shared<const Bytes>(code)).has_value());
    ASSERT_TRUE(transaction->commit().has_value());
  }

  bool has(std::string_view id) { return real_->find(id).value().has_value(); }

  TemporaryDirectory directory_;
  JobChannel channel_{{}};
  std::unique_ptr<Store> real_;
  FailingStore store_;
  Runner runner_;
};

INSTANTIATE_TEST_SUITE_P(Every, RunnerTest, testing::Values("Memory", "Lmdb"),
                         [](const auto& test) { return std::string{test.param}; });

ErrorCode code_of(const Answer& answer) {
  EXPECT_FALSE(answer.has_value());
  return answer ? ErrorCode::kBadRequest : answer.error().code;
}

TEST_P(RunnerTest, SavesModifiesAndDeletes) {
  runner_.start();
  EXPECT_EQ(send(save_job("m", "code")).get()->meta_data.revision, 1U);
  EXPECT_EQ(real_->read_blob(sha256("code"), true).value(), "code");
  WasmJob modify = modify_job("m");
  modify.wasm = make_code("new code");
  EXPECT_EQ(send(std::move(modify)).get()->meta_data.revision, 2U);
  EXPECT_EQ(real_->find("m").value()->digest, sha256("new code"));
  EXPECT_EQ(send(delete_job("m")).get()->meta_data.revision, 2U);
  EXPECT_FALSE(has("m"));
  EXPECT_EQ(real_->read_blob(sha256("new code"), true).value(), std::nullopt);
}

// After the clock was set back, all revisions from before are newer than every job.
TEST_P(RunnerTest, LooksForARepeatedJobAmongTheLatestRevisionsOnly) {
  seed(make_meta_data("m", "code"), "code");
  constexpr std::size_t kMany = 1'100;
  std::vector<WasmJob> jobs;
  for (std::size_t i = 0; i < kMany; ++i) {
    jobs.push_back(modify_job("m"));
    jobs.back().meta_data.time = jobs.front().meta_data.time + static_cast<UnixMillis>(i);
  }
  const WasmJob early = jobs[10];
  const WasmJob late = jobs[200];
  jobs.push_back(late);
  jobs.push_back(early);
  const auto answers = run_batch(std::move(jobs));
  EXPECT_EQ(answers[kMany]->meta_data.revision, 202U);
  EXPECT_EQ(answers[kMany + 1]->meta_data.revision, kMany + 2);
}

TEST_P(RunnerTest, TellsAfterTheCommitWhichCodeIsGone) {
  seed(make_meta_data("a", "shared"), "shared");
  seed(make_meta_data("b", "shared"), "shared");
  seed(make_meta_data("b", "alone", 2), "alone");
  std::vector<std::vector<Digest>> freed;
  runner_.on_commit([&](const JobResult& result, JobType) {
    EXPECT_FALSE(has("b"));
    freed.push_back(result.freed);
  });
  run_batch({delete_job("b"), save_job("c", "alone"), delete_job("a")});
  const std::vector<std::vector<Digest>> expected{{sha256("alone")}, {}, {sha256("shared")}};
  EXPECT_EQ(freed, expected);
  EXPECT_TRUE(real_->has_blob(sha256("alone")).value()) << "stored again by the same batch";
}

TEST_P(RunnerTest, RepliesOnlyAfterCommit) {
  std::atomic<bool> answered{false};
  std::atomic<bool> visible_at_answer{false};
  std::atomic<bool> answered_before_commit{false};
  store_.faults.before_commit = [&] { answered_before_commit = answered.load(); };
  auto done = [&](Answer) {
    answered = true;
    visible_at_answer = has("m");
  };
  ASSERT_TRUE(channel_.tx().try_send({save_job("m", "code"), done}).has_value());
  runner_.start();
  stop();
  EXPECT_TRUE(answered);
  EXPECT_FALSE(answered_before_commit);
  EXPECT_TRUE(visible_at_answer);
}

TEST_P(RunnerTest, CommitsABatchOnce) {
  int commits = 0;
  store_.faults.before_commit = [&] { ++commits; };
  std::vector<WasmJob> jobs;
  for (int i = 0; i < 100; ++i)
    jobs.push_back(save_job("m" + std::to_string(i), std::to_string(i)));
  for (const Answer& answer : run_batch(std::move(jobs))) EXPECT_TRUE(answer.has_value());
  EXPECT_EQ(commits, 1);
  EXPECT_EQ(real_->sequence(), 1U);
  EXPECT_EQ(real_->list({.limit = 1000}).value().items.size(), 100U);
}

TEST_P(RunnerTest, AppliesJobsInTheirOrder) {
  const auto answers = run_batch(
      {save_job("m", "one"), save_job("m", "two"), delete_job("m"), save_job("m", "three")});
  EXPECT_TRUE(answers[0].has_value());
  EXPECT_EQ(code_of(answers[1]), ErrorCode::kConflict);
  EXPECT_TRUE(answers[2].has_value());
  EXPECT_TRUE(answers[3].has_value());
  EXPECT_EQ(real_->find("m").value()->digest, sha256("three"));
}

TEST_P(RunnerTest, OneBadJobFailsAlone) {
  WasmJob bad_function = save_job("c", "code");
  bad_function.meta_data.run_function = "nothing";
  const auto answers = run_batch(
      {save_job("a", "a"), delete_job("b"), bad_function, modify_job("d"), save_job("e", "e")});
  EXPECT_TRUE(answers[0].has_value());
  EXPECT_EQ(code_of(answers[1]), ErrorCode::kNotFound);
  EXPECT_EQ(code_of(answers[2]), ErrorCode::kBadRequest);
  EXPECT_EQ(code_of(answers[3]), ErrorCode::kNotFound);
  EXPECT_TRUE(answers[4].has_value());
  EXPECT_TRUE(has("a"));
  EXPECT_TRUE(has("e"));
}

TEST_P(RunnerTest, AJobThatTheStoreRefusesFailsAlone) {
  store_.faults.put = [](const WasmMetaData& meta_data) -> std::optional<Error> {
    if (meta_data.id != "b") return std::nullopt;
    return Error{ErrorCode::kStorageFull, "full"};
  };
  const auto answers = run_batch({save_job("a", "a"), save_job("b", "b"), save_job("c", "c")});
  EXPECT_TRUE(answers[0].has_value());
  EXPECT_EQ(code_of(answers[1]), ErrorCode::kStorageFull);
  EXPECT_TRUE(answers[2].has_value());
  EXPECT_FALSE(has("b"));
}

TEST_P(RunnerTest, AJobThatThrowsFailsAlone) {
  store_.faults.put = [](const WasmMetaData& meta_data) -> std::optional<Error> {
    if (meta_data.id == "b") throw std::runtime_error("out of luck");
    return std::nullopt;
  };
  const auto answers = run_batch({save_job("a", "a"), save_job("b", "b"), save_job("c", "c")});
  EXPECT_TRUE(answers[0].has_value());
  EXPECT_EQ(code_of(answers[1]), ErrorCode::kInternal);
  EXPECT_TRUE(answers[2].has_value());
  EXPECT_TRUE(has("c"));
  EXPECT_EQ(real_->find("a").value()->revision, 1U);
}

TEST_P(RunnerTest, AFailedCommitIsToldToEveryJobThatHadSucceeded) {
  store_.faults.commit = [] { return Error{ErrorCode::kInternal, "lost"}; };
  const auto answers = run_batch({save_job("a", "a"), delete_job("missing"), save_job("c", "c")});
  EXPECT_EQ(code_of(answers[0]), ErrorCode::kInternal);
  EXPECT_EQ(code_of(answers[1]), ErrorCode::kNotFound);
  EXPECT_EQ(code_of(answers[2]), ErrorCode::kInternal);
  EXPECT_FALSE(has("a"));
  EXPECT_FALSE(has("c"));
}

TEST_P(RunnerTest, AStoreThatTakesNoWritesIsToldToEveryJob) {
  store_.faults.begin = [] { return Error{ErrorCode::kInternal, "no writes"}; };
  for (const Answer& answer : run_batch({save_job("a", "a"), delete_job("b")})) {
    EXPECT_EQ(code_of(answer), ErrorCode::kInternal);
  }
}

TEST_P(RunnerTest, TriesJobsOneByOneWhenTheBatchDoesNotFit) {
  std::set<std::string> in_transaction;
  store_.faults.begin = [&]() -> std::optional<Error> {
    in_transaction.clear();
    return std::nullopt;
  };
  store_.faults.put = [&](const WasmMetaData& meta_data) -> std::optional<Error> {
    in_transaction.insert(meta_data.id);
    return std::nullopt;
  };
  store_.faults.commit = [&]() -> std::optional<Error> {
    if (!in_transaction.contains("large")) return std::nullopt;
    return Error{ErrorCode::kStorageFull, "full"};
  };
  const auto answers =
      run_batch({save_job("a", "a"), save_job("large", "large"), save_job("c", "c")});
  EXPECT_TRUE(answers[0].has_value());
  EXPECT_EQ(code_of(answers[1]), ErrorCode::kStorageFull);
  EXPECT_TRUE(answers[2].has_value());
  EXPECT_TRUE(has("a"));
  EXPECT_FALSE(has("large"));
  EXPECT_TRUE(has("c"));
}

TEST_P(RunnerTest, OfRacingChangesWithTheSameEtagExactlyOneWins) {
  seed(make_meta_data("m", "code"), "code");
  const std::string etag = etag_of(make_meta_data("m", "code"));
  runner_.start();
  std::vector<std::future<Answer>> waiting(40);
  {
    std::vector<std::jthread> clients;
    for (auto& answer : waiting) {
      clients.emplace_back([&] {
        WasmJob job = modify_job("m");
        job.meta_data.preconditions.if_match = {etag};
        answer = send(std::move(job));
      });
    }
  }
  int won = 0;
  for (auto& waiting_answer : waiting) {
    const Answer answer = waiting_answer.get();
    if (answer) ++won;
    EXPECT_TRUE(answer || answer.error().code == ErrorCode::kPreconditionFailed);
  }
  EXPECT_EQ(won, 1);
  EXPECT_EQ(real_->find("m").value()->revision, 2U);
}

TEST_P(RunnerTest, AJobThatIsAppliedAgainChangesNothing) {
  const WasmJob save = save_job("m", "code");
  WasmJob first = modify_job("m");
  first.meta_data.labels = StringMap{{"n", "1"}};
  first.meta_data.preconditions.if_match = {"1-" + to_hex(sha256("code"))};
  WasmJob second = modify_job("m");
  second.meta_data.labels = StringMap{{"n", "2"}};
  const auto answers = run_batch({save, first, second, save, first, second, first});
  for (const Answer& answer : answers) ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answers[3]->meta_data, answers[0]->meta_data);
  EXPECT_EQ(answers[4]->meta_data, answers[1]->meta_data);
  EXPECT_EQ(answers[5]->meta_data, answers[2]->meta_data);
  EXPECT_EQ(real_->find("m").value()->revision, 3U);
  EXPECT_EQ(real_->find("m").value()->labels, (StringMap{{"n", "2"}}));
}

// Jobs get their ids and times on the workers and may reach the channel in another order.
TEST_P(RunnerTest, RecognisesAJobAlsoWhenAnOlderOneWasAppliedAfterIt) {
  const WasmJob save = save_job("m", "code");
  const WasmJob older = modify_job("m");
  const WasmJob newer = modify_job("m");
  const auto answers = run_batch({save, newer, older, newer, older});
  for (const Answer& answer : answers) ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answers[1]->meta_data.revision, 2U);
  EXPECT_EQ(answers[2]->meta_data.revision, 3U);
  EXPECT_EQ(answers[3]->meta_data.revision, 2U);
  EXPECT_EQ(answers[4]->meta_data.revision, 3U);
  EXPECT_EQ(real_->find("m").value()->revision, 3U);
}

TEST_P(RunnerTest, ReturnsToAnOlderRevisionWithItsCode) {
  WasmJob change = modify_job("m");
  change.wasm = make_code("two");
  WasmJob back = modify_job("m");
  back.meta_data.revision = 1;
  WasmJob nowhere = modify_job("m");
  nowhere.meta_data.revision = 77;
  const auto answers = run_batch({save_job("m", "one"), change, back, nowhere});
  ASSERT_TRUE(answers[2].has_value());
  EXPECT_EQ(answers[2]->meta_data.revision, 3U);
  EXPECT_EQ(answers[2]->meta_data.digest, sha256("one"));
  EXPECT_EQ(code_of(answers[3]), ErrorCode::kNotFound);
  EXPECT_EQ(real_->find_revision("m", 2).value()->digest, sha256("two"));
}

TEST_P(RunnerTest, TellsOfWhatWasDoneAfterTheCommitAndBeforeTheAnswers) {
  std::vector<std::string> events;
  store_.faults.before_commit = [&] { events.push_back("commit"); };
  runner_.on_commit([&](const JobResult& result, JobType type) {
    events.push_back((type == JobType::DELETE ? "deleted " : "saved ") + result.meta_data.id);
  });
  for (WasmJob job :
       {save_job("a", "a"), delete_job("missing"), save_job("b", "b"), delete_job("a")}) {
    auto done = [&events](Answer) { events.push_back("answer"); };
    ASSERT_TRUE(channel_.tx().try_send({std::move(job), std::move(done)}).has_value());
  }
  runner_.start();
  stop();
  EXPECT_EQ(events, (std::vector<std::string>{"commit", "saved a", "saved b", "deleted a", "answer",
                                              "answer", "answer", "answer"}));
}

TEST_P(RunnerTest, AnAnswerThatThrowsDoesNotKeepTheOthersWaiting) {
  ASSERT_TRUE(channel_.tx().try_send(
      {save_job("a", "a"), [](Answer) { throw std::runtime_error("gone"); }}));
  EXPECT_TRUE(run_one(save_job("b", "b")).has_value());
}

TEST_P(RunnerTest, CommitsWhatTheChannelHoldsBeforeItStops) {
  std::vector<std::future<Answer>> waiting;
  runner_.start();
  for (int i = 0; i < 500; ++i) waiting.push_back(send(save_job("m" + std::to_string(i), "code")));
  stop();
  for (auto& answer : waiting) EXPECT_TRUE(answer.get().has_value());
  EXPECT_EQ(real_->list({.limit = 1000}).value().items.size(), 500U);
}

TEST_P(RunnerTest, StoresEqualCodeOnceAndFreesItWithTheLastDelete) {
  const auto answers = run_batch({save_job("a", "same"), save_job("b", "same"), delete_job("a")});
  for (const Answer& answer : answers) ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(real_->read_blob(sha256("same"), true).value(), "same");
}

}  // namespace
}  // namespace wasm_server

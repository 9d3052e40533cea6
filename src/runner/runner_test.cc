#include "runner/runner.h"

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "runner/store_job_log.h"
#include "testing/failing_store.h"
#include "testing/modules.h"
#include "testing/test_store.h"

namespace wasm_server {
namespace {

using Answer = Result<JobResult>;

// The real store, behind one that can be made to fail.
class RunnerTest : public testing::Test {
 protected:
  explicit RunnerTest(const StoreSettings& settings = {})
      : real_(settings), store_(*real_), runner_(store_, log_, channel_.rx()) {}
  ~RunnerTest() override { stop(); }

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
    ASSERT_TRUE(put_module(*real_, meta_data, code).has_value());
  }

  const ModuleRepository& modules() const { return real_.modules(); }
  bool has(std::string_view id) { return modules().find(id).value().has_value(); }
  std::optional<Bytes> code(std::string_view bytes) {
    return modules().read_code(sha256(bytes)).value();
  }

  TestStore real_;
  JobChannel channel_{{}};
  FailingStore store_;
  StoreJobLog log_{store_};
  Runner runner_;
};

ErrorCode code_of(const Answer& answer) {
  EXPECT_FALSE(answer.has_value());
  return answer ? ErrorCode::kBadRequest : answer.error().code;
}

TEST_F(RunnerTest, SavesModifiesAndDeletes) {
  runner_.start();
  EXPECT_EQ(send(save_job("m", "code")).get()->meta_data.revision, 1U);
  EXPECT_EQ(code("code"), "code");
  WasmJob modify = modify_job("m", make_code("new code"));
  EXPECT_EQ(send(std::move(modify)).get()->meta_data.revision, 2U);
  EXPECT_EQ(modules().find("m").value()->digest, sha256("new code"));
  EXPECT_EQ(send(delete_job("m")).get()->meta_data.revision, 2U);
  EXPECT_FALSE(has("m"));
  EXPECT_EQ(code("new code"), std::nullopt);
}

TEST_F(RunnerTest, DeletesAModuleWhoseRecordIsDamaged) {
  seed(make_meta_data("bad", "first"), "first");
  seed(make_meta_data("bad", "second", 2), "second");
  seed(make_meta_data("bad2", "third"), "third");
  const auto batch = real_->begin().value();
  ASSERT_TRUE(batch->put(Table::kModules, "bad", "no record"));
  ASSERT_TRUE(real_->commit(*batch));
  runner_.start();
  WasmJob conditional = delete_job("bad");
  std::get<DeleteJob>(conditional.details).preconditions.if_match = {"1-aa"};
  EXPECT_EQ(code_of(send(std::move(conditional)).get()), ErrorCode::kInternal);
  const auto deleted = send(delete_job("bad")).get();
  ASSERT_TRUE(deleted.has_value());
  EXPECT_EQ(deleted->freed, std::vector{sha256("first")});
  EXPECT_FALSE(has("bad"));
  EXPECT_EQ(modules().find_revision("bad", 1).value(), std::nullopt);
  EXPECT_EQ(code("second"), "second") << "nobody knows that it was this";
  EXPECT_TRUE(has("bad2"));
  EXPECT_EQ(send(save_job("bad", "anew")).get()->meta_data.revision, 1U);
}

TEST_F(RunnerTest, TellsAfterTheCommitWhichCodeIsGone) {
  seed(make_meta_data("a", "shared"), "shared");
  seed(make_meta_data("b", "shared"), "shared");
  seed(make_meta_data("b", "alone", 2), "alone");
  std::vector<std::vector<Digest>> freed;
  runner_.on_commit([&](const WasmJob&, const JobResult& result) {
    EXPECT_FALSE(has("b"));
    freed.push_back(result.freed);
  });
  run_batch({delete_job("b"), save_job("c", "alone"), delete_job("a")});
  const std::vector<std::vector<Digest>> expected{{sha256("alone")}, {}, {sha256("shared")}};
  EXPECT_EQ(freed, expected);
  EXPECT_TRUE(modules().has_code(sha256("alone")).value()) << "stored again by the same batch";
}

TEST_F(RunnerTest, RepliesOnlyAfterCommit) {
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

TEST_F(RunnerTest, CommitsABatchOnce) {
  int commits = 0;
  store_.faults.before_commit = [&] { ++commits; };
  std::vector<WasmJob> jobs;
  for (int i = 0; i < 100; ++i)
    jobs.push_back(save_job("m" + std::to_string(i), std::to_string(i)));
  for (const Answer& answer : run_batch(std::move(jobs))) EXPECT_TRUE(answer.has_value());
  EXPECT_EQ(commits, 1);
  EXPECT_EQ(real_->sequence(), 1U);
  EXPECT_EQ(modules().list({.limit = 1000}).value().items.size(), 100U);
}

TEST_F(RunnerTest, AppliesJobsInTheirOrder) {
  const auto answers = run_batch(
      {save_job("m", "one"), save_job("m", "two"), delete_job("m"), save_job("m", "three")});
  EXPECT_TRUE(answers[0].has_value());
  EXPECT_EQ(code_of(answers[1]), ErrorCode::kConflict);
  EXPECT_TRUE(answers[2].has_value());
  EXPECT_TRUE(answers[3].has_value());
  EXPECT_EQ(modules().find("m").value()->digest, sha256("three"));
}

TEST_F(RunnerTest, OneBadJobFailsAlone) {
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

TEST_F(RunnerTest, AJobThatTheStoreRefusesFailsAlone) {
  store_.faults.read = [](Table, std::string_view key) -> std::optional<Error> {
    if (key != "b") return std::nullopt;
    return Error{ErrorCode::kInternal, "damaged"};
  };
  const auto answers = run_batch({save_job("a", "a"), save_job("b", "b"), save_job("c", "c")});
  EXPECT_TRUE(answers[0].has_value());
  EXPECT_EQ(code_of(answers[1]), ErrorCode::kInternal);
  EXPECT_TRUE(answers[2].has_value());
  EXPECT_FALSE(has("b"));
}

class RunnerOfASmallStoreTest : public RunnerTest {
 protected:
  RunnerOfASmallStoreTest() : RunnerTest({.max_bytes = 1U << 20}) {}
};

TEST_F(RunnerOfASmallStoreTest, AJobThatDoesNotFitFailsAlone) {
  const std::string large(2U << 20, 'x');
  const std::string fits(100'000, 'y');
  const auto answers =
      run_batch({save_job("a", "a"), save_job("large", large), save_job("c", fits)});
  EXPECT_TRUE(answers[0].has_value());
  EXPECT_EQ(code_of(answers[1]), ErrorCode::kStorageFull);
  EXPECT_TRUE(answers[2].has_value());
  EXPECT_FALSE(has("large"));
  EXPECT_EQ(code(large), std::nullopt);
  EXPECT_EQ(code(fits), fits);
}

TEST_F(RunnerTest, AJobThatThrowsFailsAlone) {
  store_.faults.read = [](Table, std::string_view key) -> std::optional<Error> {
    if (key == "b") throw std::runtime_error("out of luck");
    return std::nullopt;
  };
  const auto answers = run_batch({save_job("a", "a"), save_job("b", "b"), save_job("c", "c")});
  EXPECT_TRUE(answers[0].has_value());
  EXPECT_EQ(code_of(answers[1]), ErrorCode::kInternal);
  EXPECT_TRUE(answers[2].has_value());
  EXPECT_TRUE(has("c"));
  EXPECT_EQ(modules().find("a").value()->revision, 1U);
}

TEST_F(RunnerTest, AFailedCommitIsToldToEveryJobThatHadSucceeded) {
  store_.faults.commit = [] { return Error{ErrorCode::kInternal, "lost"}; };
  const auto answers = run_batch({save_job("a", "a"), delete_job("missing"), save_job("c", "c")});
  EXPECT_EQ(code_of(answers[0]), ErrorCode::kInternal);
  EXPECT_EQ(code_of(answers[1]), ErrorCode::kNotFound);
  EXPECT_EQ(code_of(answers[2]), ErrorCode::kInternal);
  EXPECT_FALSE(has("a"));
  EXPECT_FALSE(has("c"));
}

TEST_F(RunnerTest, WhatGoesWrongAfterTheCommitIsNoReasonToDoItAgain) {
  int commits = 0;
  store_.faults.after_commit = [&] {
    if (++commits == 1) throw std::runtime_error("no memory");
  };
  const auto answers = run_batch({save_job("a", "a"), delete_job("missing"), save_job("c", "c")});
  EXPECT_TRUE(answers[0].has_value());
  EXPECT_EQ(code_of(answers[1]), ErrorCode::kNotFound);
  EXPECT_TRUE(answers[2].has_value());
  EXPECT_EQ(commits, 1);
}

TEST_F(RunnerTest, AStoreThatTakesNoWritesIsToldToEveryJob) {
  store_.faults.begin = [] { return Error{ErrorCode::kInternal, "no writes"}; };
  for (const Answer& answer : run_batch({save_job("a", "a"), delete_job("b")})) {
    EXPECT_EQ(code_of(answer), ErrorCode::kInternal);
  }
}

TEST_F(RunnerTest, TriesJobsOneByOneWhenTheBatchDoesNotFit) {
  std::set<std::string> in_batch;
  store_.faults.begin = [&]() -> std::optional<Error> {
    in_batch.clear();
    return std::nullopt;
  };
  store_.faults.read = [&](Table table, std::string_view key) -> std::optional<Error> {
    if (table == Table::kModules) in_batch.insert(std::string{key});
    return std::nullopt;
  };
  store_.faults.commit = [&]() -> std::optional<Error> {
    if (!in_batch.contains("large")) return std::nullopt;
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

TEST_F(RunnerTest, OfRacingChangesWithTheSameEtagExactlyOneWins) {
  seed(make_meta_data("m", "code"), "code");
  const std::string etag = etag_of(make_meta_data("m", "code"));
  runner_.start();
  std::vector<std::future<Answer>> waiting(40);
  {
    std::vector<std::jthread> clients;
    for (auto& answer : waiting) {
      clients.emplace_back([&] {
        WasmJob job = modify_job("m");
        modify_details(job).preconditions.if_match = {etag};
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
  EXPECT_EQ(modules().find("m").value()->revision, 2U);
}

TEST_F(RunnerTest, ReturnsToAnOlderRevisionWithItsCode) {
  const WasmJob change = modify_job("m", make_code("two"));
  WasmJob back = modify_job("m");
  modify_details(back).revision = 1;
  WasmJob nowhere = modify_job("m");
  modify_details(nowhere).revision = 77;
  const auto answers = run_batch({save_job("m", "one"), change, back, nowhere});
  ASSERT_TRUE(answers[2].has_value());
  EXPECT_EQ(answers[2]->meta_data.revision, 3U);
  EXPECT_EQ(answers[2]->meta_data.digest, sha256("one"));
  EXPECT_EQ(code_of(answers[3]), ErrorCode::kNotFound);
  EXPECT_EQ(modules().find_revision("m", 2).value()->digest, sha256("two"));
}

TEST_F(RunnerTest, AModifyLeavesAsManyRevisionsAsItSays) {
  std::vector<WasmJob> jobs;
  jobs.push_back(save_job("m", "1"));
  for (const char* code : {"2", "3", "4"}) {
    WasmJob modify = modify_job("m", make_code(code));
    std::get<ModifyJob>(modify.details).max_revisions = 2;
    jobs.push_back(std::move(modify));
  }
  const auto answers = run_batch(std::move(jobs));
  EXPECT_TRUE(answers[1]->freed.empty());
  EXPECT_EQ(answers[2]->freed, std::vector{sha256("1")});
  EXPECT_EQ(answers[3]->freed, std::vector{sha256("2")});
  EXPECT_FALSE(modules().find_revision("m", 2).value());
  EXPECT_TRUE(modules().find_revision("m", 3).value());
  EXPECT_EQ(code("1"), std::nullopt);
}

TEST_F(RunnerTest, AJobBeyondItsQuotaFailsAlone) {
  seed(make_meta_data("team.a", "first"), "first");
  std::vector<std::future<Answer>> answers;
  for (const char* id : {"team.b", "team.c", "other", "team.d"}) {
    auto promise = std::make_shared<std::promise<Answer>>();
    answers.push_back(promise->get_future());
    PendingJob pending{save_job(id, id), [promise](Answer answer) { promise->set_value(answer); }};
    if (std::string_view(id) != "other") pending.quota = {"team.", {.max_modules = 2}};
    ASSERT_TRUE(channel_.tx().try_send(std::move(pending)).has_value());
  }
  runner_.start();
  stop();
  EXPECT_TRUE(answers[0].get().has_value());
  EXPECT_EQ(code_of(answers[1].get()), ErrorCode::kStorageFull);
  EXPECT_TRUE(answers[2].get().has_value());
  EXPECT_EQ(code_of(answers[3].get()), ErrorCode::kStorageFull);
  EXPECT_FALSE(has("team.c"));
  EXPECT_EQ(code("team.c"), std::nullopt);
}

TEST_F(RunnerTest, TellsOfWhatWasDoneAfterTheCommitAndBeforeTheAnswers) {
  std::vector<std::string> events;
  store_.faults.before_commit = [&] { events.push_back("commit"); };
  runner_.on_commit([&](const WasmJob& job, const JobResult& result) {
    const bool deleted = job.meta_data.job_type == JobType::DELETE;
    events.push_back((deleted ? "deleted " : "saved ") + result.meta_data.id);
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

TEST_F(RunnerTest, AnAnswerThatThrowsDoesNotKeepTheOthersWaiting) {
  ASSERT_TRUE(channel_.tx().try_send(
      {save_job("a", "a"), [](Answer) { throw std::runtime_error("gone"); }}));
  EXPECT_TRUE(run_one(save_job("b", "b")).has_value());
}

TEST_F(RunnerTest, CommitsWhatTheChannelHoldsBeforeItStops) {
  std::vector<std::future<Answer>> waiting;
  runner_.start();
  for (int i = 0; i < 500; ++i) waiting.push_back(send(save_job("m" + std::to_string(i), "code")));
  stop();
  for (auto& answer : waiting) EXPECT_TRUE(answer.get().has_value());
  EXPECT_EQ(modules().list({.limit = 1000}).value().items.size(), 500U);
}

TEST_F(RunnerTest, StoresEqualCodeOnceAndFreesItWithTheLastDelete) {
  const auto answers = run_batch({save_job("a", "same"), save_job("b", "same"), delete_job("a")});
  for (const Answer& answer : answers) ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(code("same"), "same");
}

}  // namespace
}  // namespace wasm_server

#include "jobs/channel.h"

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <gtest/gtest.h>

#include "testing/modules.h"

namespace wasm_server {
namespace {

using Answer = Result<JobResult>;

PendingJob pending(WasmJob job) {
  return {std::move(job), [](Answer) {}};
}

std::vector<std::string> ids(const std::vector<PendingJob>& batch) {
  std::vector<std::string> found;
  for (const PendingJob& job : batch) found.push_back(job.job.meta_data.id);
  return found;
}

using Ids = std::vector<std::string>;

TEST(JobChannel, GivesTheWholeBacklogInOrder) {
  JobChannel channel{{}};
  for (const char* id : {"a", "b", "c"})
    ASSERT_TRUE(channel.tx().try_send(pending(save_job(id, "x"))).has_value());
  std::vector<PendingJob> batch;
  batch.push_back(pending(delete_job("left over")));
  ASSERT_TRUE(channel.rx().receive(batch));
  EXPECT_EQ(ids(batch), (Ids{"a", "b", "c"}));
}

TEST(JobChannel, RefusesAtOnceWhenItHoldsAsManyJobsAsItMay) {
  JobChannel channel{{.jobs = 2}};
  auto tx = channel.tx();
  bool called = false;
  EXPECT_TRUE(tx.try_send(pending(delete_job("a"))).has_value());
  EXPECT_TRUE(tx.try_send(pending(delete_job("b"))).has_value());
  const auto refused = tx.try_send({delete_job("c"), [&](Answer) { called = true; }});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kOverloaded);
  EXPECT_FALSE(called);

  std::vector<PendingJob> batch;
  ASSERT_TRUE(channel.rx().receive(batch));
  EXPECT_EQ(batch.size(), 2U);
  EXPECT_TRUE(tx.try_send(pending(delete_job("c"))).has_value());
}

TEST(JobChannel, RefusesWhatIsBeyondItsBytesButTakesOneJobHoweverLarge) {
  JobChannel channel{{.jobs = 100, .bytes = 10'000}};
  auto tx = channel.tx();
  EXPECT_TRUE(tx.try_send(pending(save_job("large", std::string(100'000, 'x')))).has_value());
  EXPECT_FALSE(tx.try_send(pending(save_job("small", "x"))).has_value());

  std::vector<PendingJob> batch;
  ASSERT_TRUE(channel.rx().receive(batch));
  EXPECT_TRUE(tx.try_send(pending(save_job("half", std::string(5'000, 'x')))).has_value());
  EXPECT_FALSE(tx.try_send(pending(save_job("half", std::string(5'000, 'x')))).has_value());
  EXPECT_TRUE(tx.try_send(pending(save_job("small", "x"))).has_value());
}

TEST(JobChannel, GivesWhatItHoldsAfterItIsClosedAndThenEnds) {
  JobChannel channel{{}};
  ASSERT_TRUE(channel.tx().try_send(pending(delete_job("a"))).has_value());
  channel.close();
  const auto refused = channel.tx().try_send(pending(delete_job("b")));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kOverloaded);
  std::vector<PendingJob> batch;
  EXPECT_TRUE(channel.rx().receive(batch));
  EXPECT_EQ(ids(batch), Ids{"a"});
  EXPECT_FALSE(channel.rx().receive(batch));
  EXPECT_TRUE(batch.empty());
}

TEST(JobChannel, WakesAReceiverThatWaits) {
  JobChannel channel{{}};
  std::atomic<int> received{0};
  std::jthread receiver{[&] {
    std::vector<PendingJob> batch;
    while (channel.rx().receive(batch)) received += static_cast<int>(batch.size());
  }};
  for (int i = 0; i < 100; ++i) {
    while (!channel.tx().try_send(pending(delete_job("a"))).has_value()) std::this_thread::yield();
    if (i % 10 == 0) std::this_thread::yield();
  }
  channel.close();
  receiver.join();
  EXPECT_EQ(received, 100);
}

TEST(JobChannel, LosesNothingBetweenManySendersAndOneReceiver) {
  constexpr int kSenders = 4;
  constexpr int kEach = 2'000;
  JobChannel channel{{.jobs = 50}};
  std::vector<int> last(kSenders, -1);
  int received = 0;
  int out_of_order = 0;
  std::jthread receiver{[&] {
    std::vector<PendingJob> batch;
    while (channel.rx().receive(batch)) {
      for (const PendingJob& job : batch) {
        const auto sender = static_cast<std::size_t>(job.job.meta_data.time);
        const int number = std::stoi(job.job.meta_data.id);
        if (number != last[sender] + 1) ++out_of_order;
        last[sender] = number;
        ++received;
      }
    }
  }};
  {
    std::vector<std::jthread> senders;
    for (int sender = 0; sender < kSenders; ++sender) {
      senders.emplace_back([&channel, sender] {
        for (int i = 0; i < kEach; ++i) {
          WasmJob job;
          job.meta_data.time = sender;
          job.meta_data.id = std::to_string(i);
          while (!channel.tx().try_send(pending(job)).has_value()) std::this_thread::yield();
        }
      });
    }
  }
  channel.close();
  receiver.join();
  EXPECT_EQ(received, kSenders * kEach);
  EXPECT_EQ(out_of_order, 0);
}

// --- submit()

// What a coroutine that submits a job leaves behind.
struct Submission {
  asio::io_context context{1};
  Answer answer = fail(ErrorCode::kInternal, "not answered");
  std::thread::id resumed_on;
  bool resumed = false;
};

Task<void> submit_into(JobChannel& channel, WasmJob job, Submission& submission) {
  Answer answer = co_await channel.tx().submit(std::move(job));
  submission.answer = std::move(answer);
  submission.resumed_on = std::this_thread::get_id();
  submission.resumed = true;
}

void start(JobChannel& channel, Submission& submission) {
  Task<void> task = submit_into(channel, save_job("m", "x"), submission);
  asio::co_spawn(submission.context.get_executor(), std::move(task), asio::detached);
}

TEST(JobChannelSubmit, ResumesOnTheCallersLoopAndNotOnTheRunner) {
  JobChannel channel{{}};
  Submission submission;
  start(channel, submission);
  submission.context.poll();
  EXPECT_FALSE(submission.resumed);

  std::jthread{[&] {
    std::vector<PendingJob> batch;
    ASSERT_TRUE(channel.rx().receive(batch));
    JobResult result;
    result.meta_data.id = batch[0].job.meta_data.id;
    batch[0].done(std::move(result));
    EXPECT_FALSE(submission.resumed);
  }}.join();
  submission.context.run();
  EXPECT_TRUE(submission.resumed);
  EXPECT_EQ(submission.resumed_on, std::this_thread::get_id());
  ASSERT_TRUE(submission.answer.has_value());
  EXPECT_EQ(submission.answer->meta_data.id, "m");
}

TEST(JobChannelSubmit, KeepsTheLoopRunningWhileItWaits) {
  JobChannel channel{{}};
  Submission submission;
  start(channel, submission);
  std::jthread runner{[&] {
    std::vector<PendingJob> batch;
    ASSERT_TRUE(channel.rx().receive(batch));
    batch[0].done(fail(ErrorCode::kConflict, "taken"));
  }};
  submission.context.run();  // would return at once if the wait did not count as work
  EXPECT_TRUE(submission.resumed);
  ASSERT_FALSE(submission.answer.has_value());
  EXPECT_EQ(submission.answer.error().code, ErrorCode::kConflict);
}

TEST(JobChannelSubmit, AnswersOverloadedWhenTheChannelIsFull) {
  JobChannel channel{{.jobs = 1}};
  ASSERT_TRUE(channel.tx().try_send(pending(delete_job("a"))).has_value());
  Submission submission;
  start(channel, submission);
  submission.context.run();
  EXPECT_TRUE(submission.resumed);
  ASSERT_FALSE(submission.answer.has_value());
  EXPECT_EQ(submission.answer.error().code, ErrorCode::kOverloaded);
}

TEST(JobChannelSubmit, SendsTheJobAsItIs) {
  JobChannel channel{{}};
  Submission submission;
  start(channel, submission);
  submission.context.poll();
  std::vector<PendingJob> batch;
  ASSERT_TRUE(channel.rx().receive(batch));
  ASSERT_EQ(batch.size(), 1U);
  ASSERT_TRUE(batch[0].job.wasm.has_value());
  EXPECT_EQ(*batch[0].job.wasm->bytes, "x");
  EXPECT_EQ(batch[0].job.meta_data.job_type, JobType::SAVE);
  batch[0].done(JobResult{});
  submission.context.run();
}

}  // namespace
}  // namespace wasm_server

#include "handlers/job_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/id.h"
#include "testing/modules.h"

namespace wasm_server {
namespace {

using std::chrono::milliseconds;
using std::chrono::system_clock;
using testing::HasSubstr;

JobInput save_input() {
  JobInput input;
  input.code = make_code("some code");
  input.now = system_clock::time_point{milliseconds{1'795'392'000'000}};
  return input;
}

TEST(JobBuilder, PutsIntoTheJobWhatTheRunnerMustNotMakeUp) {
  JobInput input = save_input();
  input.request.function = "add";
  input.request.labels = StringMap{{"a", "b"}};
  input.request.limits.emplace().timeout_ms = 5;
  input.request.env = StringMap{{"K", "V"}};
  input.request.args = std::vector<std::string>{"-v"};
  input.request.param = std::vector<ParamName>{{"x", {}}, {"y", ValueType::kI32}};
  input.preconditions.if_none_match_any = true;
  const auto job = build_job(std::move(input));
  ASSERT_TRUE(job);
  const JobMetaData& meta_data = job->meta_data;
  EXPECT_EQ(meta_data.job_type, JobType::SAVE);
  EXPECT_EQ(meta_data.time, 1'795'392'000'000);
  EXPECT_EQ(meta_data.size, 9U);
  EXPECT_EQ(meta_data.run_function, "add");
  EXPECT_EQ(meta_data.labels->at("a"), "b");
  EXPECT_EQ(meta_data.limits->timeout_ms, 5U);
  EXPECT_EQ(meta_data.env->at("K"), "V");
  EXPECT_EQ(meta_data.args->front(), "-v");
  EXPECT_EQ(meta_data.param->at(1).name, "y");
  EXPECT_TRUE(meta_data.preconditions.if_none_match_any);
  EXPECT_EQ(job->wasm->digest, sha256("some code"));
}

TEST(JobBuilder, MakesAnIdWhereTheClientGaveNone) {
  const auto one = build_job(save_input());
  const auto two = build_job(save_input());
  ASSERT_TRUE(one && two);
  EXPECT_TRUE(is_valid_id(one->meta_data.id));
  EXPECT_NE(one->meta_data.id, two->meta_data.id);
  EXPECT_NE(one->meta_data.job_id, two->meta_data.job_id);
  JobInput named = save_input();
  named.request.id = "mine";
  EXPECT_EQ(build_job(std::move(named))->meta_data.id, "mine");
}

TEST(JobBuilder, NamesAFunctionThatTheCodeDoesNotExport) {
  JobInput input = save_input();
  input.request.function = "sub";
  const auto job = build_job(std::move(input));
  ASSERT_FALSE(job);
  EXPECT_EQ(job.error().code, ErrorCode::kBadRequest);
  EXPECT_THAT(job.error().message, HasSubstr("\"sub\""));
}

TEST(JobBuilder, LeavesToTheRunnerWhatDependsOnTheStore) {
  JobInput input;
  input.job_type = JobType::MODIFY;
  input.request.id = "x";
  input.request.function = "sub";
  input.request.revision = 7;
  const auto job = build_job(std::move(input));
  ASSERT_TRUE(job);
  EXPECT_EQ(job->meta_data.run_function, "sub");
  EXPECT_EQ(job->meta_data.revision, 7U);
  EXPECT_EQ(job->meta_data.size, 0U);
  EXPECT_FALSE(job->wasm);
}

}  // namespace
}  // namespace wasm_server

#include "services/job_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/id.h"
#include "testing/modules.h"

namespace wasm_server {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

const LimitsConfig kLimits;
constexpr Clock::TimePoint kNow{milliseconds{1'795'392'000'000}};

Result<WasmJob> save(WasmRequest request) {
  return build_job(JobType::SAVE, std::move(request), make_code("some code"), kLimits, kNow);
}

WasmRequest with_code() {
  WasmRequest request;
  request.wasm = "some code";
  return request;
}

std::string why(JobType type, const WasmRequest& request) {
  const auto checked = check_request(type, request, {});
  if (checked) return "accepted";
  EXPECT_EQ(checked.error().code, ErrorCode::kBadRequest);
  return checked.error().message;
}

TEST(JobBuilder, PutsIntoTheJobWhatTheRunnerMustNotMakeUp) {
  WasmRequest request;
  request.function = "add";
  request.labels = StringMap{{"a", "b"}};
  request.limits.emplace().timeout_ms = 5;
  request.env = StringMap{{"K", "V"}};
  request.args = std::vector<std::string>{"-v"};
  request.param = std::vector<ParamName>{{"x", {}}, {"y", ValueType::kI32}};
  request.preconditions.if_none_match_any = true;
  const auto job = save(std::move(request));
  ASSERT_TRUE(job);
  const JobMetaData& meta_data = job->meta_data;
  EXPECT_EQ(meta_data.job_type, JobType::SAVE);
  EXPECT_EQ(meta_data.time, 1'795'392'000'000);
  EXPECT_EQ(meta_data.size, 9U);
  EXPECT_EQ(meta_data.run_function, "add");
  const auto& details = std::get<SaveJob>(job->details);
  EXPECT_EQ(details.change.labels->at("a"), "b");
  EXPECT_EQ(details.change.limits->timeout_ms, 5U);
  EXPECT_EQ(details.change.env->at("K"), "V");
  EXPECT_EQ(details.change.args->front(), "-v");
  EXPECT_EQ(details.change.param->at(1).name, "y");
  EXPECT_TRUE(details.preconditions.if_none_match_any);
  EXPECT_EQ(job->wasm->digest, sha256("some code"));
}

TEST(JobBuilder, MakesAnIdWhereTheClientGaveNone) {
  const auto one = save({});
  const auto two = save({});
  ASSERT_TRUE(one && two);
  EXPECT_TRUE(is_valid_id(one->meta_data.id));
  EXPECT_NE(one->meta_data.id, two->meta_data.id);
  EXPECT_NE(one->meta_data.job_id, two->meta_data.job_id);
  WasmRequest named;
  named.id = "mine";
  EXPECT_EQ(save(std::move(named))->meta_data.id, "mine");
}

TEST(JobBuilder, NamesAFunctionThatTheCodeDoesNotExport) {
  WasmRequest request;
  request.function = "sub";
  const auto job = save(std::move(request));
  ASSERT_FALSE(job);
  EXPECT_EQ(job.error().code, ErrorCode::kBadRequest);
  EXPECT_THAT(job.error().message, HasSubstr("\"sub\""));
}

TEST(JobBuilder, LeavesToTheRunnerWhatDependsOnTheStore) {
  WasmRequest request;
  request.id = "x";
  request.function = "sub";
  request.revision = 7;
  const auto job = build_job(JobType::MODIFY, std::move(request), {}, kLimits, kNow);
  ASSERT_TRUE(job);
  EXPECT_EQ(job->meta_data.run_function, "sub");
  EXPECT_EQ(std::get<ModifyJob>(job->details).revision, 7U);
  EXPECT_EQ(job->meta_data.size, 0U);
  EXPECT_FALSE(job->wasm);
}

TEST(RequestCheck, AsksASaveForItsCode) {
  EXPECT_EQ(why(JobType::SAVE, with_code()), "accepted");
  EXPECT_THAT(why(JobType::SAVE, {}), HasSubstr("wasm is missing"));
  EXPECT_EQ(why(JobType::MODIFY, {}), "accepted");
  WasmRequest text;
  text.text = "(module)";
  EXPECT_EQ(why(JobType::SAVE, text), "accepted");
}

TEST(RequestCheck, TakesARevisionToReturnToInAModifyWithoutCode) {
  WasmRequest request;
  request.revision = 2;
  EXPECT_EQ(why(JobType::MODIFY, request), "accepted");
  request.revision = 0;
  EXPECT_THAT(why(JobType::MODIFY, request), HasSubstr("revision must be at least 1"));
  request = with_code();
  request.revision = 1;
  EXPECT_THAT(why(JobType::MODIFY, request), HasSubstr("exclude"));
  EXPECT_THAT(why(JobType::SAVE, request), HasSubstr("PUT only"));
}

TEST(RequestCheck, HoldsBoundsAndLimits) {
  WasmRequest request = with_code();
  request.id = "not an id";
  EXPECT_THAT(why(JobType::SAVE, request), HasSubstr("id must be"));
  request.id = "x";
  request.limits.emplace().timeout_ms = 300'001;
  EXPECT_THAT(why(JobType::SAVE, request), HasSubstr("limits.timeout_ms"));
}

}  // namespace
}  // namespace wasm_server

#include "jobs/job_codec.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/byte_codec.h"
#include "testing/modules.h"

namespace wasm_server {
namespace {

ModuleChange full_change() {
  ModuleChange change;
  change.param = {{"a", ValueType::kI32}, {"b", std::nullopt}};
  change.labels = StringMap{{"team", "maths"}, {"tier", ""}};
  change.limits.emplace().timeout_ms = 1;
  change.limits->max_queue = 0;
  change.env = StringMap{};
  change.secrets = StringMap{{"PASSWORD", "db"}};
  change.args = {"--verbose", ""};
  change.output_types = {"text/html"};
  change.egress = {"api.example.org:8443"};
  return change;
}

Preconditions full_preconditions() { return {true, {"1-aa", "2-bb"}, true, {"3-cc"}}; }

// One of each type with nothing in it that may be left out, and one with everything.
std::vector<WasmJob> jobs_of_every_type() {
  std::vector<WasmJob> jobs;
  jobs.push_back(save_job("s", "code"));
  jobs.push_back(save_job("full", std::string(300'000, 'x')));
  save_details(jobs.back()) = {full_change(), full_preconditions()};
  jobs.back().meta_data.run_function = "add";
  jobs.push_back(modify_job("m"));
  jobs.push_back(modify_job("full", make_code("other code")));
  modify_details(jobs.back()) = {full_change(), 7, 300, full_preconditions()};
  jobs.back().meta_data.run_function = "";
  jobs.push_back(delete_job("d"));
  jobs.push_back(delete_job("full"));
  std::get<DeleteJob>(jobs.back().details).preconditions = full_preconditions();
  jobs.back().meta_data.time = -1;
  jobs.push_back(create_token_job("t"));
  AccessToken least;
  least.id = "t";
  jobs.push_back(token_job("t", CreateTokenJob{least}));
  least.quota = {.max_modules = 300, .max_bytes = 0};
  jobs.push_back(token_job("t", CreateTokenJob{least}));
  jobs.push_back(token_job("t", RotateTokenJob{sha256("new"), 5}));
  jobs.push_back(token_job("t", RevokeTokenJob{}));
  jobs.push_back(token_job("t", NoteTokenUseJob{}));
  jobs.push_back(token_job("s", PutSecretJob{7, std::string("sealed\0", 7)}));
  jobs.push_back(token_job("s", DeleteSecretJob{}));
  return jobs;
}

std::vector<const WasmJob*> pointers_to(const std::vector<WasmJob>& jobs) {
  std::vector<const WasmJob*> pointers;
  for (const WasmJob& job : jobs) pointers.push_back(&job);
  return pointers;
}

void expect_equal(const ModuleChange& left, const ModuleChange& right) {
  EXPECT_EQ(left.param, right.param);
  EXPECT_EQ(left.labels, right.labels);
  EXPECT_EQ(left.limits, right.limits);
  EXPECT_EQ(left.env, right.env);
  EXPECT_EQ(left.secrets, right.secrets);
  EXPECT_EQ(left.args, right.args);
  EXPECT_EQ(left.output_types, right.output_types);
  EXPECT_EQ(left.egress, right.egress);
}

void expect_equal(const SaveJob& left, const SaveJob& right) {
  expect_equal(left.change, right.change);
  EXPECT_EQ(left.preconditions, right.preconditions);
}

void expect_equal(const ModifyJob& left, const ModifyJob& right) {
  expect_equal(left.change, right.change);
  EXPECT_EQ(left.revision, right.revision);
  EXPECT_EQ(left.preconditions, right.preconditions);
}

void expect_equal(const DeleteJob& left, const DeleteJob& right) {
  EXPECT_EQ(left.preconditions, right.preconditions);
}

void expect_equal(const CreateTokenJob& left, const CreateTokenJob& right) {
  EXPECT_EQ(left.token, right.token);
}

void expect_equal(const RotateTokenJob& left, const RotateTokenJob& right) {
  EXPECT_EQ(left.hash, right.hash);
  EXPECT_EQ(left.former_until, right.former_until);
}

void expect_equal(const RevokeTokenJob&, const RevokeTokenJob&) {}
void expect_equal(const NoteTokenUseJob&, const NoteTokenUseJob&) {}

void expect_equal(const PutSecretJob& left, const PutSecretJob& right) {
  EXPECT_EQ(left.key_id, right.key_id);
  EXPECT_EQ(left.sealed, right.sealed);
}

void expect_equal(const DeleteSecretJob&, const DeleteSecretJob&) {}

// But for the bytes of the code, which are not a part of it.
void expect_equal(const WasmJob& left, const WasmJob& right) {
  EXPECT_EQ(left.meta_data.id, right.meta_data.id);
  EXPECT_EQ(left.meta_data.run_function, right.meta_data.run_function);
  EXPECT_EQ(left.meta_data.size, right.meta_data.size);
  EXPECT_EQ(left.meta_data.job_type, right.meta_data.job_type);
  EXPECT_EQ(left.meta_data.job_id, right.meta_data.job_id);
  EXPECT_EQ(left.meta_data.time, right.meta_data.time);
  ASSERT_EQ(left.wasm.has_value(), right.wasm.has_value());
  if (left.wasm) {
    EXPECT_EQ(left.wasm->digest, right.wasm->digest);
    EXPECT_EQ(left.wasm->info, right.wasm->info);
  }
  ASSERT_EQ(left.details.index(), right.details.index());
  std::visit(
      [&right](const auto& details) {
        expect_equal(details, std::get<std::decay_t<decltype(details)>>(right.details));
      },
      left.details);
}

TEST(JobCodec, GivesBackJobsOfEveryType) {
  for (const WasmJob& job : jobs_of_every_type()) {
    const auto decoded = decode_job(encode_job(job));
    ASSERT_TRUE(decoded.has_value()) << job.meta_data.id;
    expect_equal(*decoded, job);
  }
}

TEST(JobCodec, LeavesTheBytesOfCodeOut) {
  const std::string bytes = encode_job(save_job("m", std::string(100'000, 'x')));
  EXPECT_LT(bytes.size(), 300U);
  const WasmJob decoded = decode_job(bytes).value();
  EXPECT_EQ(decoded.wasm->bytes, nullptr);
  EXPECT_EQ(decoded.meta_data.size, 100'000U);
}

TEST(JobCodec, GivesBackAnEntryInItsOrder) {
  const std::vector<WasmJob> jobs = jobs_of_every_type();
  const auto decoded = decode_entry(encode_entry(pointers_to(jobs)));
  ASSERT_TRUE(decoded.has_value());
  ASSERT_EQ(decoded->size(), jobs.size());
  for (std::size_t i = 0; i < jobs.size(); ++i) expect_equal((*decoded)[i], jobs[i]);
  EXPECT_TRUE(decode_entry(encode_entry({})).value().empty());
}

TEST(JobCodec, RefusesWhatIsCutOrHasMoreBehind) {
  const std::vector<WasmJob> jobs = jobs_of_every_type();
  for (const WasmJob& job : jobs) {
    const std::string bytes = encode_job(job);
    for (std::size_t size = 0; size < bytes.size(); ++size)
      EXPECT_FALSE(decode_job(std::string_view{bytes}.substr(0, size)).has_value()) << size;
    EXPECT_FALSE(decode_job(bytes + '\0').has_value());
  }
  const std::string bytes = encode_entry(pointers_to(jobs));
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(decode_entry(std::string_view{bytes}.substr(0, size)).has_value()) << size;
  const auto longer = decode_entry(bytes + '\0');
  ASSERT_FALSE(longer.has_value());
  EXPECT_EQ(longer.error().code, ErrorCode::kInternal);
  EXPECT_EQ(longer.error().log, "an entry cannot be read from the log");
}

TEST(JobCodec, RefusesVersionsAndTypesThatItDoesNotKnow) {
  const WasmJob job = delete_job("d");
  std::string bytes = encode_job(job);
  bytes[0] = 4;
  EXPECT_FALSE(decode_job(bytes).has_value());
  bytes[0] = 1;
  bytes[1] = 7;
  EXPECT_FALSE(decode_job(bytes).has_value());
  std::string entry = encode_entry(std::vector{&job});
  entry[0] = 0;
  EXPECT_FALSE(decode_entry(entry).has_value());
}

// Code belongs to the types that bring some: applying relies on it.
TEST(JobCodec, RefusesASaveWithoutCodeAndADeleteWithCode) {
  EXPECT_FALSE(decode_job(encode_job(make_job({}, SaveJob{}))).has_value());
  EXPECT_FALSE(decode_job(encode_job(make_job({}, DeleteJob{}, make_code("x")))).has_value());
  EXPECT_FALSE(decode_job(encode_job(make_job({}, RevokeTokenJob{}, make_code("x")))).has_value());
}

// A count that the input cannot hold costs no memory.
TEST(JobCodec, RefusesCountsThatCannotBe) {
  std::string entry;
  ByteWriter to{entry};
  to.u8(1);
  to.varint(~std::uint64_t{0});
  EXPECT_FALSE(decode_entry(entry).has_value());
}

// Which had no egress.
TEST(JobCodec, ReadsJobsOfTheSecondVersion) {
  WasmJob job = modify_job("m");
  modify_details(job).max_revisions = 7;
  std::string bytes = encode_job(job);
  bytes[0] = 2;
  bytes.erase(bytes.size() - 6, 1);  // before the revision, its 7, and the preconditions
  const auto read = decode_job(bytes);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(encode_job(*read), encode_job(job));
}

// Which had neither how many revisions stay nor quotas, nor egress.
TEST(JobCodec, ReadsJobsOfTheFirstVersion) {
  const WasmJob job = modify_job("m");
  std::string modify = encode_job(job);
  modify[0] = 1;
  modify.erase(modify.size() - 4, 1);  // before the preconditions, of which there are none
  modify.erase(modify.size() - 5, 1);  // egress, before the revision to return to
  const auto read = decode_job(modify);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(encode_job(*read), encode_job(job));

  AccessToken token;
  token.id = "t";
  const WasmJob create = token_job("t", CreateTokenJob{token});
  std::string first = encode_job(create);
  first[0] = 1;
  first.resize(first.size() - 2);
  ASSERT_TRUE(decode_job(first).has_value());
  EXPECT_EQ(encode_job(*decode_job(first)), encode_job(create));
}

}  // namespace
}  // namespace wasm_server

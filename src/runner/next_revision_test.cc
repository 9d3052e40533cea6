#include "runner/next_revision.h"

#include <utility>
#include <variant>

#include <gtest/gtest.h>

#include "testing/modules.h"

namespace wasm_server {
namespace {

using Current = std::optional<WasmMetaData>;

const FunctionInfo kSub{"sub", {{"x", ValueType::kI32}, {"y", ValueType::kI32}}, {ValueType::kI32}};
const FunctionInfo kNegate{"negate", {{"f", ValueType::kF64}}, {ValueType::kF64}};

Result<WasmMetaData> apply(const WasmJob& job, const Current& current, const Current& source) {
  if (const auto* save = std::get_if<SaveJob>(&job.details))
    return saved_module(job, *save, current);
  if (const auto* modify = std::get_if<ModifyJob>(&job.details))
    return modified_module(job, *modify, current, source);
  return deleted_module(job, std::get<DeleteJob>(job.details), current);
}

ErrorCode refusal(const WasmJob& job, const Current& current, const Current& source = {}) {
  const auto next = apply(job, current, source);
  EXPECT_FALSE(next.has_value());
  return next ? ErrorCode::kInternal : next.error().code;
}

std::string message(const WasmJob& job, const Current& current) {
  const auto next = apply(job, current, {});
  return next ? "" : next.error().message;
}

WasmJob save_with(std::vector<FunctionInfo> functions) {
  WasmJob job = save_job("m", "code");
  job.wasm->info = info_with(std::move(functions));
  return job;
}

WasmMetaData saved(std::vector<FunctionInfo> functions) {
  return apply(save_with(std::move(functions)), {}, {}).value();
}

WasmJob with_code(const WasmJob& job, NewCode code) {
  return make_job(job.meta_data, job.details, std::move(code));
}

std::vector<std::string> names(const WasmMetaData& meta_data) {
  std::vector<std::string> found;
  for (const WasmParam& param : meta_data.param) found.push_back(param.name);
  return found;
}

using Names = std::vector<std::string>;

// --- SAVE

TEST(SavedModule, TakesEverythingFromTheJob) {
  WasmJob job = save_job("m", "code");
  save_details(job).change.labels = StringMap{{"team", "maths"}};
  save_details(job).change.env = StringMap{{"A", "B"}};
  save_details(job).change.args = {"x"};
  save_details(job).change.limits = ModuleLimits{};
  save_details(job).change.limits->timeout_ms = 5;
  const WasmMetaData next = apply(job, {}, {}).value();
  EXPECT_EQ(next.id, "m");
  EXPECT_EQ(next.revision, 1U);
  EXPECT_EQ(next.digest, sha256("code"));
  EXPECT_EQ(next.size, 4U);
  EXPECT_EQ(next.run_function, "add");
  EXPECT_EQ(next.param, add_function().param);
  EXPECT_EQ(next.result, add_function().result);
  EXPECT_EQ(next.info, job.wasm->info);
  EXPECT_EQ(next.labels, save_details(job).change.labels);
  EXPECT_EQ(next.env, save_details(job).change.env);
  EXPECT_EQ(next.args, save_details(job).change.args);
  EXPECT_EQ(next.limits.timeout_ms, 5U);
  EXPECT_EQ(next.created_at, job.meta_data.time);
  EXPECT_EQ(next.updated_at, job.meta_data.time);
}

TEST(SavedModule, IsDeterministic) {
  const WasmJob job = save_job("m", "code");
  EXPECT_EQ(apply(job, {}, {}).value(), apply(job, {}, {}).value());
}

TEST(SavedModule, ConflictsWithAModuleThatIsThere) {
  EXPECT_EQ(refusal(save_job("m", "code"), make_meta_data("m", "old")), ErrorCode::kConflict);
}

TEST(SavedModule, ChecksPreconditionsBeforeTheConflict) {
  WasmJob job = save_job("m", "code");
  save_details(job).preconditions.if_none_match_any = true;
  EXPECT_EQ(refusal(job, make_meta_data("m", "old")), ErrorCode::kPreconditionFailed);
  EXPECT_TRUE(apply(job, {}, {}).has_value());
  job = save_job("m", "code");
  save_details(job).preconditions.if_match_any = true;
  EXPECT_EQ(refusal(job, {}), ErrorCode::kPreconditionFailed);
}

TEST(SavedModule, ChoosesTheFunctionByTheContractsRule) {
  EXPECT_EQ(saved({add_function()}).run_function, "add");
  EXPECT_EQ(saved({add_function(), kSub}).run_function, "");
  EXPECT_TRUE(saved({add_function(), kSub}).param.empty());
  EXPECT_EQ(saved({add_function(), {"_start", {}, {}}}).run_function, "_start");
}

TEST(SavedModule, RefusesAFunctionThatIsNotExportedAndNamesIt) {
  WasmJob job = save_with({add_function()});
  job.meta_data.run_function = "mul";
  EXPECT_EQ(refusal(job, {}), ErrorCode::kBadRequest);
  EXPECT_NE(message(job, {}).find("\"mul\""), std::string::npos);
  job.meta_data.run_function = "";
  EXPECT_EQ(refusal(job, {}), ErrorCode::kBadRequest);
}

TEST(SavedModule, RenamesParameters) {
  WasmJob job = save_with({add_function()});
  save_details(job).change.param = {{"left", std::nullopt}, {"right", ValueType::kI32}};
  EXPECT_EQ(names(apply(job, {}, {}).value()), (Names{"left", "right"}));
}

TEST(SavedModule, RefusesParametersThatDoNotFitTheFunction) {
  WasmJob job = save_with({add_function()});
  save_details(job).change.param = {{"only", std::nullopt}};
  EXPECT_EQ(refusal(job, {}), ErrorCode::kBadRequest);
  save_details(job).change.param = {{"a", std::nullopt}, {"b", ValueType::kF32}};
  EXPECT_EQ(refusal(job, {}), ErrorCode::kBadRequest);
  EXPECT_NE(message(job, {}).find("\"b\" is of type i32, not f32"), std::string::npos);
  save_details(job).change.param = {{"a", std::nullopt}, {"a", std::nullopt}};
  EXPECT_EQ(refusal(job, {}), ErrorCode::kBadRequest);
  save_details(job).change.param = {{"a", std::nullopt}, {"", std::nullopt}};
  EXPECT_EQ(refusal(job, {}), ErrorCode::kBadRequest);
}

TEST(SavedModule, RefusesParametersOfNoFunction) {
  WasmJob job = save_with({add_function(), kSub});
  save_details(job).change.param = {{"a", std::nullopt}, {"b", std::nullopt}};
  EXPECT_EQ(refusal(job, {}), ErrorCode::kBadRequest);
}

// --- MODIFY

TEST(ModifiedModule, KeepsWhatIsLeftOut) {
  const WasmMetaData current = make_meta_data("m", "code", 4);
  const WasmJob job = modify_job("m");
  WasmMetaData expected = current;
  expected.revision = 5;
  expected.updated_at = job.meta_data.time;
  const WasmMetaData next = apply(job, current, {}).value();
  expected.tag = next.tag;
  EXPECT_EQ(next, expected);
}

TEST(ModifiedModule, ReplacesWhatIsGiven) {
  WasmJob job = modify_job("m");
  modify_details(job).change.labels = StringMap{};
  modify_details(job).change.env = StringMap{{"A", "B"}};
  modify_details(job).change.args = std::vector<std::string>{};
  const WasmMetaData next = apply(job, make_meta_data("m", "code"), {}).value();
  EXPECT_TRUE(next.labels.empty());
  EXPECT_EQ(next.env, (StringMap{{"A", "B"}}));
  EXPECT_TRUE(next.args.empty());
}

TEST(ModifiedModule, MergesLimits) {
  WasmMetaData current = make_meta_data("m", "code");
  current.limits = {};
  current.limits.timeout_ms = 1000;
  WasmJob job = modify_job("m");
  modify_details(job).change.limits = ModuleLimits{};
  modify_details(job).change.limits->memory_bytes = 7;
  const WasmMetaData next = apply(job, current, {}).value();
  EXPECT_EQ(next.limits.timeout_ms, 1000U);
  EXPECT_EQ(next.limits.memory_bytes, 7U);
  EXPECT_EQ(next.limits.max_queue, std::nullopt);
}

TEST(ModifiedModule, NeverLetsTheTimeGoBack) {
  WasmMetaData current = make_meta_data("m", "code");
  WasmJob job = modify_job("m");
  current.updated_at = job.meta_data.time + 1000;
  const WasmMetaData next = apply(job, current, {}).value();
  EXPECT_EQ(next.updated_at, current.updated_at);
  EXPECT_EQ(next.created_at, current.created_at);
}

TEST(ModifiedModule, NeedsAModule) {
  WasmJob job = modify_job("m");
  EXPECT_EQ(refusal(job, {}), ErrorCode::kNotFound);
  // RFC 9110, section 13.2.1: preconditions do not count when the answer would be an error anyway.
  modify_details(job).preconditions.if_match = {"1-aa"};
  EXPECT_EQ(refusal(job, {}), ErrorCode::kNotFound);
}

TEST(ModifiedModule, ChecksPreconditions) {
  const WasmMetaData current = make_meta_data("m", "code");
  WasmJob job = modify_job("m");
  modify_details(job).preconditions.if_match = {etag_of(current)};
  EXPECT_TRUE(apply(job, current, {}).has_value());
  EXPECT_EQ(refusal(job, apply(job, current, {}).value()), ErrorCode::kPreconditionFailed);
}

// Also a module that is made again, with the same bytes, under the same id.
TEST(ModifiedModule, AndASavedOneHasATagOfItsOwn) {
  const auto save = [] {
    const WasmJob job = save_job("m", "code");
    return saved_module(job, std::get<SaveJob>(job.details), {}).value();
  };
  const WasmMetaData first = save();
  const WasmMetaData again = save();
  const WasmMetaData next = apply(modify_job("m"), first, {}).value();
  EXPECT_NE(first.tag, again.tag);
  EXPECT_NE(first.tag, next.tag);
  WasmJob same = modify_job("m");
  EXPECT_EQ(apply(same, first, {})->tag, apply(same, first, {})->tag);
}

TEST(ModifiedModule, ReplacesTheOutputTypesOnlyWhenTheyAreGiven) {
  const WasmMetaData current = make_meta_data("m", "code");
  WasmJob job = modify_job("m");
  EXPECT_EQ(apply(job, current, {})->output_types, current.output_types);
  modify_details(job).change.output_types = {"image/svg+xml"};
  EXPECT_EQ(apply(job, current, {})->output_types, std::vector<std::string>{"image/svg+xml"});
}

TEST(ModifiedModule, ReplacesTheEgressOnlyWhenItIsGiven) {
  WasmMetaData current = make_meta_data("m", "code");
  current.egress = {"api.example.org"};
  WasmJob job = modify_job("m");
  EXPECT_EQ(apply(job, current, {})->egress, current.egress);
  modify_details(job).change.egress.emplace();
  EXPECT_TRUE(apply(job, current, {})->egress.empty());
}

TEST(ModifiedModule, ChangesTheFunctionAndWhatBelongsToIt) {
  WasmMetaData current = saved({add_function(), kNegate});
  WasmJob job = modify_job("m");
  job.meta_data.run_function = "negate";
  const WasmMetaData next = apply(job, current, {}).value();
  EXPECT_EQ(next.run_function, "negate");
  EXPECT_EQ(next.param, kNegate.param);
  EXPECT_EQ(next.result, kNegate.result);
  job.meta_data.run_function = "mul";
  EXPECT_EQ(refusal(job, current), ErrorCode::kBadRequest);
}

TEST(ModifiedModule, TakesNewCodeWithTheKeptFunction) {
  const WasmMetaData current = saved({add_function()});
  WasmJob job = modify_job("m");
  job = with_code(job, make_code("new code", info_with({add_function(), kSub})));
  const WasmMetaData next = apply(job, current, {}).value();
  EXPECT_EQ(next.digest, sha256("new code"));
  EXPECT_EQ(next.size, 8U);
  EXPECT_EQ(next.info, job.wasm->info);
  EXPECT_EQ(next.run_function, "add");
}

TEST(ModifiedModule, ChoosesAnewWhenNewCodeLacksTheKeptFunction) {
  const WasmMetaData current = saved({add_function()});
  WasmJob job = modify_job("m");
  job = with_code(job, make_code("new code", info_with({kSub})));
  EXPECT_EQ(apply(job, current, {})->run_function, "sub");
  job = with_code(job, make_code("new code", info_with({kSub, kNegate})));
  EXPECT_EQ(apply(job, current, {})->run_function, "");
  job = with_code(job, make_code("new code", info_with({kSub, {"_start", {}, {}}})));
  EXPECT_EQ(apply(job, current, {})->run_function, "_start");
  job.meta_data.run_function = "add";
  EXPECT_EQ(refusal(job, current), ErrorCode::kBadRequest);
}

TEST(ModifiedModule, KeepsRenamedParametersWhileTheFunctionAndItsTypesStay) {
  WasmJob save = save_with({add_function()});
  save_details(save).change.param = {{"left", std::nullopt}, {"b", std::nullopt}};
  const WasmMetaData current = apply(save, {}, {}).value();

  WasmJob job = modify_job("m");
  modify_details(job).change.labels = StringMap{};
  EXPECT_EQ(names(apply(job, current, {}).value()), (Names{"left", "b"}));

  FunctionInfo same_types = add_function();
  same_types.param[0].name = "p";
  same_types.param[1].name = "q";
  job = with_code(job, make_code("new code", info_with({same_types})));
  // "left" was the client's; "b" was the old code's name, so that the new code's takes its place.
  EXPECT_EQ(names(apply(job, current, {}).value()), (Names{"left", "q"}));
}

TEST(ModifiedModule, DropsRenamedParametersWhenTheFunctionOrItsTypesChange) {
  WasmJob save = save_with({add_function(), kSub});
  save.meta_data.run_function = "add";
  save_details(save).change.param = {{"left", std::nullopt}, {"right", std::nullopt}};
  const WasmMetaData current = apply(save, {}, {}).value();

  WasmJob other_function = modify_job("m");
  other_function.meta_data.run_function = "sub";
  EXPECT_EQ(names(apply(other_function, current, {}).value()), (Names{"x", "y"}));

  FunctionInfo other_types = add_function();
  other_types.param[1].param_type = ValueType::kI64;
  WasmJob other_code = modify_job("m");
  other_code = with_code(other_code, make_code("new code", info_with({other_types})));
  EXPECT_EQ(names(apply(other_code, current, {}).value()), (Names{"a", "b"}));
}

TEST(ModifiedModule, RenamesTheParametersOfTheNewFunction) {
  WasmJob job = modify_job("m");
  job.meta_data.run_function = "negate";
  modify_details(job).change.param = {{"number", ValueType::kF64}};
  EXPECT_EQ(names(apply(job, saved({add_function(), kNegate}), {}).value()), Names{"number"});
}

TEST(ModifiedModule, ReturnsToAnOlderRevision) {
  WasmMetaData source = make_meta_data("m", "old code", 2);
  source.param[0].name = "renamed";
  source.labels = {{"old", "yes"}};
  WasmMetaData current = make_meta_data("m", "code", 9);
  current.created_at = source.created_at;
  WasmJob job = modify_job("m");
  modify_details(job).revision = 2;
  WasmMetaData expected = source;
  expected.revision = 10;
  expected.updated_at = job.meta_data.time;
  const WasmMetaData next = apply(job, current, source).value();
  expected.tag = next.tag;
  EXPECT_EQ(next, expected);
}

TEST(ModifiedModule, RefusesARevisionThatIsNotThere) {
  WasmJob job = modify_job("m");
  modify_details(job).revision = 3;
  EXPECT_EQ(refusal(job, make_meta_data("m", "code")), ErrorCode::kNotFound);
}

TEST(ModifiedModule, RefusesNewCodeTogetherWithAnOlderRevision) {
  WasmJob job = modify_job("m");
  modify_details(job).revision = 1;
  job = with_code(job, make_code("new code"));
  EXPECT_EQ(refusal(job, make_meta_data("m", "code", 2), make_meta_data("m", "code", 1)),
            ErrorCode::kBadRequest);
}

// --- DELETE

TEST(DeletedModule, GivesWhatIsDeleted) {
  const WasmMetaData current = make_meta_data("m", "code");
  EXPECT_EQ(apply(delete_job("m"), current, {}).value(), current);
}

TEST(DeletedModule, NeedsAModule) { EXPECT_EQ(refusal(delete_job("m"), {}), ErrorCode::kNotFound); }

TEST(DeletedModule, ChecksPreconditions) {
  WasmJob job = delete_job("m");
  std::get<DeleteJob>(job.details).preconditions.if_match = {"1-aa"};
  EXPECT_EQ(refusal(job, make_meta_data("m", "code")), ErrorCode::kPreconditionFailed);
}

}  // namespace
}  // namespace wasm_server

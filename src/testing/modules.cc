#include "testing/modules.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <utility>

#include "base/id.h"

namespace wasm_server {
namespace {

JobMetaData new_job(std::string_view id) {
  static std::atomic<UnixMillis> clock{1'800'000'000'000};
  JobMetaData meta_data;
  meta_data.id = id;
  meta_data.time = clock.fetch_add(1);
  meta_data.job_id = make_uuid_v7(
      std::chrono::system_clock::time_point{std::chrono::milliseconds{meta_data.time}});
  return meta_data;
}

}  // namespace

FunctionInfo add_function() {
  return {"add", {{"a", ValueType::kI32}, {"b", ValueType::kI32}}, {ValueType::kI32}};
}

ModuleInfo info_with(std::vector<FunctionInfo> functions) {
  return {ModuleKind::kModule, std::move(functions), {{"wasi_snapshot_preview1", "fd_write"}}};
}

NewCode make_code(std::string_view bytes, ModuleInfo info) {
  return {std::make_shared<const Bytes>(bytes), sha256(bytes), std::move(info)};
}

WasmMetaData make_meta_data(std::string_view id, std::string_view bytes, std::uint64_t revision) {
  WasmMetaData meta_data;
  meta_data.id = id;
  meta_data.revision = revision;
  meta_data.digest = sha256(bytes);
  meta_data.size = bytes.size();
  meta_data.run_function = "add";
  meta_data.param = add_function().param;
  meta_data.result = add_function().result;
  meta_data.info = info_with({add_function()});
  meta_data.labels = {{"team", "maths"}};
  meta_data.limits.timeout_ms = 1000;
  meta_data.limits.max_queue = 0;
  meta_data.args = {"--verbose", ""};
  meta_data.env = {{"HOME", "/"}};
  meta_data.output_types = {"text/html"};
  meta_data.tag = std::hash<std::string_view>{}(bytes) + revision;
  meta_data.created_at = 1'800'000'000'000;
  meta_data.updated_at = meta_data.created_at + static_cast<UnixMillis>(revision);
  return meta_data;
}

WasmJob save_job(std::string_view id, std::string_view bytes) {
  return make_job(new_job(id), SaveJob{}, make_code(bytes));
}

WasmJob modify_job(std::string_view id) { return make_job(new_job(id), ModifyJob{}); }

WasmJob modify_job(std::string_view id, NewCode code) {
  return make_job(new_job(id), ModifyJob{}, std::move(code));
}

WasmJob delete_job(std::string_view id) { return make_job(new_job(id), DeleteJob{}); }

AccessToken make_token(std::string_view id) {
  AccessToken token;
  token.id = id;
  token.hash = sha256(id);
  token.former_hash = sha256("former");
  token.former_until = 3;
  token.scopes.add(TokenScope::kRead);
  token.scopes.add(TokenScope::kExecute);
  token.prefix = "team.";
  token.created_at = 1;
  token.expires_at = 4;
  token.last_used_at = 2;
  return token;
}

WasmJob create_token_job(std::string_view id) {
  return token_job(id, CreateTokenJob{make_token(id)});
}

WasmJob token_job(std::string_view id, JobDetails details) {
  return make_job(new_job(id), std::move(details));
}

SaveJob& save_details(WasmJob& job) { return std::get<SaveJob>(job.details); }

ModifyJob& modify_details(WasmJob& job) { return std::get<ModifyJob>(job.details); }

}  // namespace wasm_server

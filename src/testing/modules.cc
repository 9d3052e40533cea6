#include "testing/modules.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <utility>

#include "base/id.h"

namespace wasm_server {
namespace {

WasmJob new_job(std::string_view id, JobType type) {
  static std::atomic<UnixMillis> clock{1'800'000'000'000};
  WasmJob job;
  job.meta_data.id = id;
  job.meta_data.job_type = type;
  job.meta_data.time = clock.fetch_add(1);
  job.meta_data.job_id = make_uuid_v7(
      std::chrono::system_clock::time_point{std::chrono::milliseconds{job.meta_data.time}});
  return job;
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
  meta_data.created_at = 1'800'000'000'000;
  meta_data.updated_at = meta_data.created_at + static_cast<UnixMillis>(revision);
  meta_data.last_job_id = "0190a000-0000-7000-8000-000000000000";
  return meta_data;
}

WasmJob save_job(std::string_view id, std::string_view bytes) {
  WasmJob job = new_job(id, JobType::SAVE);
  job.wasm = make_code(bytes);
  job.meta_data.size = bytes.size();
  return job;
}

WasmJob modify_job(std::string_view id) { return new_job(id, JobType::MODIFY); }

WasmJob delete_job(std::string_view id) { return new_job(id, JobType::DELETE); }

}  // namespace wasm_server

#include "handlers/job_builder.h"

#include <utility>

#include "base/id.h"
#include "base/time.h"

namespace wasm_server {
namespace {

Result<void> check_function(const JobInput& input) {
  const std::optional<std::string>& function = input.request.function;
  if (!function || !input.code || input.code->info->find_function(*function) != nullptr) return {};
  return fail(ErrorCode::kBadRequest, "the module exports no function \"" + *function + "\"");
}

JobMetaData meta_data_of(JobInput& input) {
  WasmRequest& request = input.request;
  JobMetaData meta_data;
  meta_data.id = request.id ? *std::move(request.id) : make_uuid_v7(input.now);
  meta_data.run_function = std::move(request.function);
  meta_data.size = input.code ? input.code->bytes->size() : 0;
  meta_data.job_type = input.job_type;
  meta_data.job_id = make_uuid_v7(input.now);
  meta_data.time = unix_millis(input.now);
  meta_data.param = std::move(request.param);
  meta_data.labels = std::move(request.labels);
  meta_data.limits = request.limits;
  meta_data.env = std::move(request.env);
  meta_data.args = std::move(request.args);
  meta_data.revision = request.revision;
  meta_data.preconditions = std::move(input.preconditions);
  return meta_data;
}

}  // namespace

Result<WasmJob> build_job(JobInput input) {
  Result<void> function = check_function(input);
  if (!function) return std::unexpected{std::move(function).error()};
  WasmJob job;
  job.meta_data = meta_data_of(input);
  job.wasm = std::move(input.code);
  return job;
}

}  // namespace wasm_server

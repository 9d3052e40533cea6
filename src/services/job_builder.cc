#include "services/job_builder.h"

#include <utility>

#include "base/id.h"
#include "base/text.h"
#include "base/time.h"
#include "services/wasm_request_bounds.h"

namespace wasm_server {
namespace {

std::unexpected<Error> bad(std::string message) {
  return fail(ErrorCode::kBadRequest, std::move(message));
}

Result<void> check_save(const WasmRequest& request) {
  if (request.revision) return bad("revision is for PUT only");
  if (!request.wasm && !request.text) return bad("the field wasm is missing");
  return {};
}

Result<void> check_modify(const WasmRequest& request) {
  if (!request.revision) return {};
  if (request.wasm || request.text) return bad("revision and wasm exclude each other");
  if (request.revision == 0) return bad("revision must be at least 1");
  return {};
}

Result<void> check_function(const WasmRequest& request, const std::optional<NewCode>& code) {
  const std::optional<std::string>& function = request.function;
  if (!function || !code || code->info->find_function(*function) != nullptr) return {};
  return bad("the module exports no function " + quote(*function));
}

JobMetaData meta_data_of(WasmRequest& request, Clock::TimePoint now) {
  JobMetaData meta_data;
  meta_data.id = request.id ? *std::move(request.id) : make_uuid_v7(now);
  meta_data.run_function = std::move(request.function);
  meta_data.job_id = make_uuid_v7(now);
  meta_data.time = unix_millis(now);
  return meta_data;
}

ModuleChange change_of(WasmRequest& request) {
  return {std::move(request.param),        std::move(request.labels),  request.limits,
          std::move(request.env),          std::move(request.secrets), std::move(request.args),
          std::move(request.output_types), std::move(request.egress)};
}

JobDetails details_of(JobType type, WasmRequest& request, const LimitsConfig& limits) {
  switch (type) {
    case JobType::SAVE:
      return SaveJob{change_of(request), std::move(request.preconditions)};
    case JobType::MODIFY:
      return ModifyJob{change_of(request), request.revision, limits.max_revisions,
                       std::move(request.preconditions)};
    case JobType::DELETE:
      return DeleteJob{std::move(request.preconditions)};
    default:
      std::unreachable();  // of other things than modules
  }
}

}  // namespace

Result<void> check_request(JobType type, const WasmRequest& request, const LimitsConfig& limits) {
  if (type == JobType::SAVE) {
    TRY(check_save(request));
  } else {
    TRY(check_modify(request));
  }
  TRY(check_bounds(request));
  return request.limits ? check_limits(*request.limits, limits) : Result<void>{};
}

Result<WasmJob> build_job(JobType type, WasmRequest request, std::optional<NewCode> code,
                          const LimitsConfig& limits, Clock::TimePoint now) {
  TRY(check_function(request, code));
  JobMetaData meta_data = meta_data_of(request, now);
  JobDetails details = details_of(type, request, limits);
  return make_job(std::move(meta_data), std::move(details), std::move(code));
}

}  // namespace wasm_server

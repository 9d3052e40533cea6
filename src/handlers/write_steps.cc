#include "handlers/write_steps.h"

#include <chrono>
#include <functional>
#include <optional>
#include <utility>

#include "engine/await_compiled.h"
#include "engine/host_imports.h"
#include "engine/inspect.h"
#include "handlers/conditions.h"
#include "handlers/job_builder.h"

namespace wasm_server {
namespace {

Task<Result<CheckedWrite>> check_where_it_fits(const HandlerDeps& deps, WriteInput input) {
  if (is_quickly_checked(input)) co_return check_write(deps, std::move(input));
  std::move_only_function<Result<CheckedWrite>()> work =
      [&deps, input = std::move(input)]() mutable { return check_write(deps, std::move(input)); };
  co_return co_await deps.helpers.run<CheckedWrite>(std::move(work));
}

JobInput job_input(CheckedWrite checked, JobType job_type, Preconditions preconditions) {
  JobInput input;
  input.job_type = job_type;
  input.request = std::move(checked.request);
  input.code = std::move(checked.code);
  input.preconditions = std::move(preconditions);
  input.now = std::chrono::system_clock::now();
  return input;
}

// What cannot run is not compiled. The code is read back when its turn comes: the queue holds no
// code.
void prepare(const HandlerDeps& deps, const WasmMetaData& meta_data) {
  if (missing_import(meta_data.info->imports)) return;
  const auto& digest = meta_data.digest;
  deps.compiler.prepare(digest, [&store = deps.store, digest] { return load_code(store, digest); });
}

}  // namespace

bool is_quickly_checked(const WriteInput& input) {
  if (input.body.size() <= kInlineCheckBytes) return true;
  return input.body.size() <= kInlineHashBytes &&
         media_type(input.content_type) == "application/wasm" &&
         bytes_to_validate(input.body) <= kInlineCheckBytes;
}

Result<CheckedWrite> check_write(const HandlerDeps& deps, WriteInput input) {
  Result<WasmRequest> request = parse_wasm_request(std::move(input), deps.engine);
  if (!request) return std::unexpected{std::move(request).error()};
  if (request->limits) {
    Result<void> limits = check_limits(*request->limits, deps.limits);
    if (!limits) return std::unexpected{std::move(limits).error()};
  }
  CheckedWrite checked{*std::move(request), std::nullopt};
  if (!checked.request.wasm) return checked;
  Result<NewCode> code = deps.code_checker.check(*std::exchange(checked.request.wasm, {}));
  if (!code) return std::unexpected{std::move(code).error()};
  checked.code = *std::move(code);
  return checked;
}

Task<Result<WasmMetaData>> save_or_modify(const HandlerDeps& deps, Request& request,
                                          JobType job_type) {
  Result<Preconditions> preconditions = parse_preconditions(request);
  if (!preconditions) co_return std::unexpected{std::move(preconditions).error()};
  WriteInput input = take_write_input(request, job_type);
  Result<CheckedWrite> checked = co_await check_where_it_fits(deps, std::move(input));
  if (!checked) co_return std::unexpected{std::move(checked).error()};
  const bool has_code = checked->code.has_value();
  JobInput parts = job_input(*std::move(checked), job_type, *std::move(preconditions));
  Result<WasmJob> job = build_job(std::move(parts));
  if (!job) co_return std::unexpected{std::move(job).error()};

  JobChannel::Tx tx = deps.channel.tx();
  Result<JobResult> committed = co_await tx.submit(*std::move(job));
  if (!committed) co_return std::unexpected{std::move(committed).error()};
  if (has_code) prepare(deps, committed->meta_data);
  co_return std::move(committed->meta_data);
}

}  // namespace wasm_server

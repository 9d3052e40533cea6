#include "handlers/wasm_write.h"

#include <chrono>
#include <string>
#include <utility>

#include "handlers/conditions.h"
#include "handlers/job_builder.h"
#include "handlers/resource_reply.h"
#include "handlers/write_steps.h"

namespace wasm_server {
namespace {

Task<Reply> post_wasm(const HandlerDeps& deps, Request& request) {
  const Result<WasmMetaData> saved = co_await save_or_modify(deps, request, JobType::SAVE);
  if (!saved) co_return problem(saved.error(), request.request_id);
  Reply reply = resource_reply(deps, 201, *saved);
  reply.add_header("Location", "/wasm/" + saved->id);
  co_return reply;
}

Task<Reply> put_wasm(const HandlerDeps& deps, Request& request) {
  const Result<WasmMetaData> modified = co_await save_or_modify(deps, request, JobType::MODIFY);
  if (!modified) co_return problem(modified.error(), request.request_id);
  co_return resource_reply(deps, 200, *modified);
}

JobInput delete_input(std::string_view id, Preconditions preconditions) {
  JobInput input;
  input.job_type = JobType::DELETE;
  input.request.id = std::string(id);
  input.preconditions = std::move(preconditions);
  input.now = std::chrono::system_clock::now();
  return input;
}

Task<Reply> delete_wasm(const HandlerDeps& deps, Request& request) {
  Result<Preconditions> preconditions = parse_preconditions(request);
  if (!preconditions) co_return problem(preconditions.error(), request.request_id);
  JobInput input = delete_input(request.id, *std::move(preconditions));
  Result<WasmJob> job = build_job(std::move(input));
  if (!job) co_return problem(job.error(), request.request_id);
  JobChannel::Tx tx = deps.channel.tx();
  const Result<JobResult> deleted = co_await tx.submit(*std::move(job));
  if (!deleted) co_return problem(deleted.error(), request.request_id);
  Reply reply;
  reply.status = 204;
  co_return reply;
}

}  // namespace

void register_wasm_write(Router& router, const HandlerDeps& deps) {
  router.add(Method::kPost, "/wasm",
             [&deps](Request& request) { return post_wasm(deps, request); });
  router.add(Method::kPut, "/wasm/{id}",
             [&deps](Request& request) { return put_wasm(deps, request); });
  router.add(Method::kDelete, "/wasm/{id}",
             [&deps](Request& request) { return delete_wasm(deps, request); });
}

}  // namespace wasm_server

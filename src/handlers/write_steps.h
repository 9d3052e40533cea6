#pragma once

// From a writing request to its committed job: parse and validate, build the job, send it, wait for
// the commit.

#include "base/result.h"
#include "handlers/deps.h"
#include "handlers/wasm_request_parser.h"
#include "http/request.h"
#include "jobs/wasm_job.h"
#include "jobs/wasm_request.h"

namespace wasm_server {

// Bodies beyond this are parsed and validated by the helper pool: 64 KB take about a millisecond.
inline constexpr std::size_t kInlineCheckBytes = 64U << 10;

// A request whose code is validated.
struct CheckedWrite {
  WasmRequest request;
  std::optional<NewCode> code;
};

// Safe from any thread.
Result<CheckedWrite> check_write(const HandlerDeps& deps, WriteInput input);

// The whole way of a POST /wasm or PUT /wasm/{id}. Takes the body out of `request`.
Task<Result<WasmMetaData>> save_or_modify(const HandlerDeps& deps, Request& request,
                                          JobType job_type);

}  // namespace wasm_server

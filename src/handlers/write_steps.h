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

// What takes about a millisecond at most is checked where the request was read: hashing goes at
// gigabytes a second, parsing and validating code at some 60 MB. The rest is for the helper pool.
inline constexpr std::size_t kInlineHashBytes = 256U << 10;
inline constexpr std::size_t kInlineCheckBytes = 64U << 10;
bool is_quickly_checked(const WriteInput& input);

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

#pragma once

// WasmRequest -> WasmJob: everything that the runner must not make up itself (ids, times, digests)
// is set here.

#include <chrono>
#include <optional>
#include <string>

#include "base/result.h"
#include "jobs/wasm_job.h"
#include "jobs/wasm_request.h"

namespace wasm_server {

struct JobInput {
  JobType job_type = JobType::SAVE;
  WasmRequest request;          // its `wasm` has become `code`
  std::optional<NewCode> code;  // always there for SAVE
  Preconditions preconditions;
  std::chrono::system_clock::time_point now;
};

// kBadRequest when the request names a function that its own code does not export; all that depends
// on what is stored is left to the runner. A SAVE without id gets a new one.
Result<WasmJob> build_job(JobInput input);

}  // namespace wasm_server

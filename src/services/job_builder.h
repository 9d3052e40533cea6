#pragma once

// WasmRequest -> WasmJob: everything that the runner must not make up itself (ids, times, digests)
// is set here.

#include <optional>

#include "base/clock.h"
#include "base/result.h"
#include "jobs/wasm_job.h"
#include "jobs/wasm_request.h"
#include "model/limits.h"

namespace wasm_server {

// What can be told without looking at the code and at what is stored: the request is complete, its
// fields go together and are within bounds (services/wasm_request_bounds.h) and limits. Else
// kBadRequest.
Result<void> check_request(JobType type, const WasmRequest& request, const LimitsConfig& limits);

// The job of a checked request, whose code has become `code`. kBadRequest when it names a function
// that this code does not export; all that depends on what is stored is left to the runner. A SAVE
// without id gets a new one.
Result<WasmJob> build_job(JobType type, WasmRequest request, std::optional<NewCode> code,
                          const LimitsConfig& limits, Clock::TimePoint now);

}  // namespace wasm_server

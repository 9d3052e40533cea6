#pragma once

// From a request and a module to what the worker is to do.

#include <optional>
#include <string>

#include "base/result.h"
#include "engine/runnable/call_spec.h"
#include "handlers/execute/execute_request.h"
#include "http/request.h"
#include "model/limits.h"
#include "services/module_cache.h"
#include "worker/admission.h"
#include "worker/execution.h"

namespace wasm_server {

struct ExecutePlan {
  ModuleCache::Module module;
  CallSpec call;
  ConcurrencyLimits concurrency;
  std::optional<std::string> stream_type;  // a command's raw standard output, as this media type
};

// The deadline that the header Wasm-Timeout-Ms asks for. kBadRequest when it is no positive
// integer.
Result<std::optional<std::uint64_t>> parse_timeout(const Request& request);

// Fills a fresh `plan` with what is `asked` of `module`, taking it from there. Fails with
// kBadRequest (arguments), kFunctionNotFound, kNotAcceptable, or with why the module cannot be run
// here.
Result<void> make_execute_plan(const Request& request, ExecuteRequest& asked,
                               ModuleCache::Module module, const LimitsConfig& limits,
                               ExecutePlan& plan);

// The same for a module that handles HTTP requests; kNotFound when it does not. The call's exchange
// is the caller's to set.
Result<void> make_handler_plan(const Request& request, ModuleCache::Module module,
                               const LimitsConfig& limits, ExecutePlan& plan);

// Takes the call out of `plan`. It keeps the module.
ExecutionSpec execution_spec(ExecutePlan& plan);

}  // namespace wasm_server

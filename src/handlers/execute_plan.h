#pragma once

// From a request and a module to what the worker is to do.

#include <optional>
#include <string>

#include "base/result.h"
#include "engine/invocation.h"
#include "engine/module_cache.h"
#include "handlers/execute_request.h"
#include "handlers/limits.h"
#include "http/request.h"
#include "worker/admission.h"
#include "worker/execution.h"

namespace wasm_server {

struct ExecutePlan {
  ModuleCache::Module module;
  InvocationOrder order;
  GateLimits gate;
  bool is_command = false;                 // the entry point of a WASI command
  std::optional<std::string> stream_type;  // a command's raw standard output, as this media type
};

// The deadline that the header Wasm-Timeout-Ms asks for. kBadRequest when it is no positive
// integer.
Result<std::optional<std::uint64_t>> parse_timeout(const Request& request);

// `?revision=N`. kBadRequest when it is no positive integer.
Result<std::optional<std::uint64_t>> parse_revision(const Request& request);

// Fills a fresh `plan` with what is `asked` of `module`, taking it from there. Fails with
// kBadRequest (arguments), kFunctionNotFound, kNotAcceptable, or with why the module cannot be run
// here.
Result<void> make_execute_plan(const Request& request, ExecuteRequest& asked,
                               ModuleCache::Module module, const LimitsConfig& limits,
                               ExecutePlan& plan);

// Takes the order out of `plan`, whose module must outlive it.
ExecuteOrder execute_order(ExecutePlan& plan);

}  // namespace wasm_server

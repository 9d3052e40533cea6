#pragma once

#include <string>

#include "cli/guest_call.h"

namespace wasm_server::cli {

// Runs a module of kind `command`.
Outcome<int> run_with_streams(ApiClient& api, const Terminal& terminal, const ModuleView& module,
                              const GuestCall& call);

// The request that runs it, for its output as it is, without a body yet.
HttpRequest command_request(const ModuleView& module, const GuestCall& call);

// The request that all executions have in common; `query` goes behind it.
HttpRequest call_request(const ModuleView& module, const GuestCall& call, const std::string& query);

}  // namespace wasm_server::cli

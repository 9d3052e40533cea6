#pragma once

#include "handlers/deps.h"
#include "http/router.h"

namespace wasm_server {

// GET /wasm/{id}/logs: what services/execution_log.h has of a module, as JSON, or with `follow` as
// server-sent events (HTML Living Standard, section 9.2) that go on until the module or the server
// goes. All arguments must outlive the router.
void register_logs(Router& router, const HandlerDeps& deps);

}  // namespace wasm_server

#pragma once

#include "handlers/deps.h"
#include "handlers/execute/execution_recorder.h"
#include "http/router.h"
#include "services/module_cache.h"
#include "worker/worker.h"

namespace wasm_server {

// POST /wasm/{id}: executes a stored module (contract, section 4). The answer comes at once when
// the guest ends in its first time slice. All arguments must outlive the router; `worker` is the
// one whose sessions it serves, and whose executions go to `recorder`.
void register_execute_handler(Router& router, const HandlerDeps& deps, ModuleCache& modules,
                              Worker& worker, const ExecutionRecorder& recorder);

}  // namespace wasm_server

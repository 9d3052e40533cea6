#pragma once

#include "handlers/deps.h"
#include "handlers/execute/execution_recorder.h"
#include "http/router.h"
#include "services/module_cache.h"
#include "worker/worker.h"

namespace wasm_server {

// ANY /http/{id} and ANY /http/{id}/{path}: the HTTP handler of a stored module (contract, section
// 7). All arguments but the recorder must outlive the router; `worker` is the one whose sessions it
// serves.
void register_http_handler(Router& router, const HandlerDeps& deps, ModuleCache& modules,
                           Worker& worker, const ExecutionRecorder& recorder);

}  // namespace wasm_server

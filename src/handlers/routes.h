#pragma once

#include "handlers/deps.h"
#include "http/router.h"
#include "metrics/server_metrics.h"
#include "services/execution_log.h"
#include "services/module_cache.h"
#include "worker/worker.h"

namespace wasm_server {

// All that the server answers, for the sessions of one worker, which counts in `cells` and records
// executions in `log`. What it is given must outlive the router. Throws std::logic_error when a
// route of the table (route_table.h) has no handler, or a handler no route.
Router make_router(const HandlerDeps& deps, ModuleCache& module_cache, Worker& worker,
                   WorkerCells& cells, ExecutionLog::Writer& log);

}  // namespace wasm_server

#include "handlers/routes.h"

#include <memory>

#include "handlers/access_filter.h"
#include "handlers/access_log_filter.h"
#include "handlers/backup.h"
#include "handlers/execute/execute.h"
#include "handlers/http/http_handler.h"
#include "handlers/logs/logs.h"
#include "handlers/metrics/metrics.h"
#include "handlers/modules/revisions.h"
#include "handlers/modules/wasm_list.h"
#include "handlers/modules/wasm_read.h"
#include "handlers/modules/wasm_write.h"
#include "handlers/openapi/openapi.h"
#include "handlers/rate_filter.h"
#include "handlers/route_table.h"
#include "handlers/secrets/secrets.h"
#include "handlers/status.h"
#include "handlers/tokens/tokens.h"
#include "http/origin_filter.h"
#include "http/trace_filter.h"

namespace wasm_server {

Router make_router(const HandlerDeps& deps, ModuleCache& module_cache, Worker& worker,
                   WorkerCells& cells, ExecutionLog::Writer& log) {
  Router router(route_table());
  router.add_filter(std::make_unique<MetricsFilter>(cells.requests));
  router.add_filter(std::make_unique<TraceFilter>(deps.span_sink));
  router.add_filter(std::make_unique<AccessLogFilter>(deps.access_log));
  router.add_filter(std::make_unique<OriginFilter>(deps.origins));
  router.add_filter(std::make_unique<RateFilter>(deps.rates.addresses));
  router.add_filter(std::make_unique<AccessFilter>(AccessFilter::Parts{
      deps.authenticator, deps.tokens, deps.rates.tokens, deps.open_without_tokens}));
  register_status_handlers(router, deps);
  register_metrics(router, deps);
  register_openapi(router, deps);
  register_wasm_list(router, deps);
  register_wasm_read(router, deps);
  register_wasm_write(router, deps);
  const ExecutionRecorder recorder(cells.executions, log, deps.spans);
  register_execute_handler(router, deps, module_cache, worker, recorder);
  register_http_handler(router, deps, module_cache, worker, recorder);
  register_revisions(router, deps);
  register_tokens(router, deps);
  register_secrets(router, deps);
  register_logs(router, deps);
  register_backup(router, deps);
  router.check_complete();
  return router;
}

}  // namespace wasm_server

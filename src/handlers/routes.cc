#include "handlers/routes.h"

#include "handlers/execute.h"
#include "handlers/revisions.h"
#include "handlers/status.h"
#include "handlers/wasm_list.h"
#include "handlers/wasm_read.h"
#include "handlers/wasm_write.h"

namespace wasm_server {

Router make_router(const HandlerDeps& deps, ModuleCache& modules, Worker& worker) {
  Router router;
  register_status_handlers(router, deps);
  register_wasm_list(router, deps);
  register_wasm_read(router, deps);
  register_wasm_write(router, deps);
  register_execute_handler(router, deps, modules, worker);
  register_revisions(router, deps);
  return router;
}

}  // namespace wasm_server

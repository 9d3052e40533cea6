#include "handlers/http/http_handler.h"

#include <memory>
#include <utility>

#include "handlers/execute/execute_plan.h"
#include "handlers/execute/with_module.h"
#include "handlers/http/handle_http.h"

namespace wasm_server {
namespace {

struct HttpDeps {
  const HandlerDeps& handlers;
  ModuleLoading loading;
  Worker& worker;
  ExecutionRecorder recorder;
};

Answer handle_loaded(const HttpDeps& deps, Request& request, ModuleCache::Module module) {
  ExecutePlan plan;
  const auto made = make_handler_plan(request, std::move(module), deps.handlers.limits, plan);
  if (!made) return problem(made.error(), request.request_id);
  const auto opened =
      deps.handlers.secrets.add_to(plan.call.wasi.env, plan.module->meta_data.secrets);
  if (!opened) return problem(opened.error(), request.request_id);
  HandlerGuest guest;
  guest.revision = plan.module->meta_data.revision;
  guest.make = [&plan](HttpExchange& exchange) {
    plan.call.http = &exchange;
    plan.call.sink = &exchange;
    return execution_spec(plan);
  };
  return handle_http(deps.worker, deps.recorder, request, std::move(guest));
}

}  // namespace

void register_http_handler(Router& router, const HandlerDeps& deps, ModuleCache& modules,
                           Worker& worker, const ExecutionRecorder& recorder) {
  const auto shared =
      std::make_shared<const HttpDeps>(deps, ModuleLoading{modules, deps.limits}, worker, recorder);
  // The query is the guest's: it names no revision.
  const auto handle = [shared](Request& request) {
    return with_module(shared->loading, request, std::nullopt,
                       [deps = shared.get()](Request& asking, ModuleCache::Module module) {
                         return handle_loaded(*deps, asking, std::move(module));
                       });
  };
  router.bind("handle_http_root", handle);
  router.bind("handle_http", handle);
}

}  // namespace wasm_server

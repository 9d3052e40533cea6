#include "handlers/status.h"

#include <string_view>

#include "http/reply.h"

namespace wasm_server {
namespace {

constexpr std::string_view kOk = R"({"status":"ok"})";

Reply get_healthz() { return json_reply(200, Bytes{kOk}); }

Reply get_readyz(const HandlerDeps& deps, const Request& request) {
  const bool failed = deps.modules.failed();
  if (deps.readiness.ready() && !failed) return json_reply(200, Bytes{kOk});
  const char* why = failed ? "the store has failed" : "the server is starting or draining";
  return problem(Error{ErrorCode::kOverloaded, why}, request.request_id);
}

}  // namespace

void register_status_handlers(Router& router, const HandlerDeps& deps) {
  router.bind("get_healthz", [](Request&) { return get_healthz(); });
  router.bind("get_readyz", [&deps](const Request& request) { return get_readyz(deps, request); });
}

}  // namespace wasm_server

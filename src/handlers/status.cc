#include "handlers/status.h"

#include <string_view>

#include "http/reply.h"

namespace wasm_server {
namespace {

constexpr std::string_view kOk = R"({"status":"ok"})";

Reply get_healthz() { return json_reply(200, Bytes{kOk}); }

Reply get_readyz(const Readiness& readiness, const Request& request) {
  if (readiness.ready()) return json_reply(200, Bytes{kOk});
  const Error error{ErrorCode::kOverloaded, "the server is starting or draining"};
  return problem(error, request.request_id);
}

}  // namespace

void register_status_handlers(Router& router, const Readiness& readiness) {
  router.add(Method::kGet, "/healthz", [](Request&) { return get_healthz(); });
  router.add(Method::kGet, "/readyz",
             [&readiness](const Request& request) { return get_readyz(readiness, request); });
}

}  // namespace wasm_server

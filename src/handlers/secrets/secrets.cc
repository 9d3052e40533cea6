#include "handlers/secrets/secrets.h"

#include <string>
#include <utility>

#include "base/json_text.h"

namespace wasm_server {
namespace {

Reply no_content() {
  Reply reply;
  reply.status = 204;
  return reply;
}

Task<Reply> put_secret(const HandlerDeps& deps, Request& request) {
  auto putting = deps.secrets.put(std::string(request.id), std::move(request.body));
  const Result<void> put = co_await std::move(putting);
  if (!put) co_return problem(put.error(), request.request_id);
  co_return no_content();
}

Task<Reply> delete_secret(const HandlerDeps& deps, Request& request) {
  auto removing = deps.secrets.remove(std::string(request.id));
  const Result<void> removed = co_await std::move(removing);
  if (!removed) co_return problem(removed.error(), request.request_id);
  co_return no_content();
}

Reply list_secrets(const HandlerDeps& deps, const Request& request) {
  const auto secrets = deps.secrets.list();
  if (!secrets) return problem(secrets.error(), request.request_id);
  Bytes body = "{\"items\":[";
  for (const GuestSecret& secret : *secrets) {
    body += body.back() == '[' ? "{\"name\":" : ",{\"name\":";
    append_json_string(body, secret.name);
    body += ",\"created_at\":\"";
    append_rfc3339(body, secret.created_at);
    body += "\",\"updated_at\":\"";
    append_rfc3339(body, secret.updated_at);
    body += "\"}";
  }
  return json_reply(200, std::move(body += "]}"));
}

}  // namespace

void register_secrets(Router& router, const HandlerDeps& deps) {
  router.bind("put_secret", [&deps](Request& request) { return put_secret(deps, request); });
  router.bind("list_secrets",
              [&deps](const Request& request) { return list_secrets(deps, request); });
  router.bind("delete_secret", [&deps](Request& request) { return delete_secret(deps, request); });
}

}  // namespace wasm_server

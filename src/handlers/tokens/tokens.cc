#include "handlers/tokens/tokens.h"

#include <chrono>
#include <string>
#include <utility>

#include "handlers/tokens/token_json.h"
#include "http/media.h"

namespace wasm_server {
namespace {

// Nothing keeps what has a secret in it.
Reply issued_reply(unsigned status, const IssuedToken& issued) {
  Bytes body;
  append_token(body, issued.token, issued.text);
  Reply reply = json_reply(status, std::move(body));
  reply.add_header("Cache-Control", "no-store");
  return reply;
}

Result<void> check_type(const Request& request) {
  if (request.body.empty() || media_type(request.header("content-type")) == "application/json")
    return {};
  return fail(ErrorCode::kUnsupportedMediaType, "the body must be application/json");
}

Task<Reply> post_token(const HandlerDeps& deps, Request& request) {
  const Result<void> checked = check_type(request);
  if (!checked) co_return problem(checked.error(), request.request_id);
  Result<TokenRequest> asked = parse_token_request(request.body);
  if (!asked) co_return problem(asked.error(), request.request_id);
  auto creating = deps.tokens.create(*std::move(asked));
  const Result<IssuedToken> issued = co_await std::move(creating);
  if (!issued) co_return problem(issued.error(), request.request_id);
  co_return issued_reply(201, *issued);
}

Task<Reply> rotate_token(const HandlerDeps& deps, Request& request) {
  const Result<void> checked = check_type(request);
  if (!checked) co_return problem(checked.error(), request.request_id);
  const Result<std::chrono::seconds> overlap = parse_overlap(request.body);
  if (!overlap) co_return problem(overlap.error(), request.request_id);
  auto rotating = deps.tokens.rotate(std::string(request.id), *overlap);
  const Result<IssuedToken> issued = co_await std::move(rotating);
  if (!issued) co_return problem(issued.error(), request.request_id);
  co_return issued_reply(200, *issued);
}

Task<Reply> delete_token(const HandlerDeps& deps, Request& request) {
  auto revoking = deps.tokens.revoke(std::string(request.id));
  const Result<void> revoked = co_await std::move(revoking);
  if (!revoked) co_return problem(revoked.error(), request.request_id);
  Reply reply;
  reply.status = 204;
  co_return reply;
}

Reply list_tokens(const HandlerDeps& deps, const Request& request) {
  const auto tokens = deps.tokens.list();
  if (!tokens) return problem(tokens.error(), request.request_id);
  Bytes body = "{\"items\":[";
  std::string_view separator;
  for (const AccessToken& token : *tokens) {
    body += separator;
    append_token(body, token);
    separator = ",";
  }
  body += "]}";
  return json_reply(200, std::move(body));
}

}  // namespace

void register_tokens(Router& router, const HandlerDeps& deps) {
  router.bind("add_token", [&deps](Request& request) { return post_token(deps, request); });
  router.bind("list_tokens",
              [&deps](const Request& request) { return list_tokens(deps, request); });
  router.bind("rotate_token", [&deps](Request& request) { return rotate_token(deps, request); });
  router.bind("revoke_token", [&deps](Request& request) { return delete_token(deps, request); });
}

}  // namespace wasm_server

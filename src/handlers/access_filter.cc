#include "handlers/access_filter.h"

#include <string>
#include <utility>

#include "base/text.h"
#include "handlers/rate_filter.h"
#include "http/reply.h"

namespace wasm_server {
namespace {

constexpr std::string_view kScheme = "bearer ";
constexpr std::string_view kChallenge = R"(Bearer realm="wasm-server")";

// Of `Authorization: Bearer TEXT` (RFC 6750, section 2.1); null when there is none.
std::string_view bearer_of(const Request& request) {
  const std::string_view header = request.header("authorization");
  if (!equals_lower(header.substr(0, kScheme.size()), kScheme)) return {};
  return trim(header.substr(kScheme.size()));
}

TokenScope scope_of(Scope scope) {
  switch (scope) {
    case Scope::kRead:
      return TokenScope::kRead;
    case Scope::kWrite:
      return TokenScope::kWrite;
    case Scope::kExecute:
      return TokenScope::kExecute;
    default:
      return TokenScope::kAdmin;
  }
}

// RFC 6750, section 3.
Reply refusal(const Request& request, const Error& error, std::string_view challenge) {
  Reply reply = problem(error, request.request_id);
  reply.add_header("WWW-Authenticate", challenge);
  return reply;
}

Reply unauthorized(const Request& request, std::string message, std::string_view code) {
  std::string challenge(kChallenge);
  if (!code.empty()) challenge.append(R"(, error=")").append(code).append("\"");
  return refusal(request, {ErrorCode::kUnauthorized, std::move(message)}, challenge);
}

Reply too_few_rights(const Request& request, TokenScope scope) {
  const std::string name = to_text(scope);
  return refusal(
      request, {ErrorCode::kForbidden, "the access token has not the scope " + name},
      std::string(kChallenge) + R"(, error="insufficient_scope", scope=")" + name + "\"");
}

}  // namespace

bool AccessFilter::answers(Request& request, const Route* route, Reply& reply) {
  if (route == nullptr || route->scope == Scope::kNone || request.is_operator) return false;
  if (parts_.open_without_tokens && !parts_.authenticator.has_tokens()) return false;
  const std::string_view text = bearer_of(request);
  if (text.empty()) {
    reply = unauthorized(request, "this needs an access token: Authorization: Bearer wsk_...", {});
    return true;
  }
  return !admit(request, *route, text, reply);
}

bool AccessFilter::admit(Request& request, const Route& route, std::string_view text,
                         Reply& reply) {
  const auto bearer = parts_.authenticator.authenticate(text);
  if (!bearer) {
    const bool is_unknown = bearer.error().code == ErrorCode::kUnauthorized;
    reply = is_unknown ? unauthorized(request, bearer.error().message, "invalid_token")
                       : problem(bearer.error(), request.request_id);
    return false;
  }
  const AccessToken& token = *bearer->token;
  const TokenScope scope = scope_of(route.scope);
  if (!token.scopes.allows(scope)) {
    reply = too_few_rights(request, scope);
    return false;
  }
  if (!request.id.empty() && !request.id.starts_with(token.prefix)) {
    reply = problem(Error{ErrorCode::kForbidden,
                          "the access token is for ids that begin with " + quote(token.prefix)},
                    request.request_id);
    return false;
  }
  const auto wait = parts_.rate.admit(std::hash<Digest>{}(token.hash), RateLimiter::Clock::now());
  if (wait.count() > 0) {
    reply = too_many_requests(request, wait);
    return false;
  }
  request.id_prefix = token.prefix;
  request.token_id = token.id;
  request.max_modules = token.quota.max_modules;
  request.max_bytes = token.quota.max_bytes;
  if (bearer->is_to_note) parts_.tokens.note_use(token);
  return true;
}

}  // namespace wasm_server

#include "http/origin_filter.h"

#include <string>
#include <utility>

#include "base/text.h"
#include "http/guest_page.h"

namespace wasm_server {
namespace {

constexpr std::string_view kMethods = "GET, HEAD, POST, PUT, DELETE";
// What a browser names of a page that has none.
constexpr std::string_view kNoOrigin = "null";
// How long a browser may remember a preflight's answer, in seconds.
constexpr std::string_view kRemembered = "600";
// Of an answer's header what a page could not read otherwise.
constexpr std::string_view kExposed =
    "ETag, Link, Location, Retry-After, Server-Timing, Wasm-Exit-Code, Wasm-Revision, X-Request-Id";

bool is_preflight(const Request& request) {
  return request.method == Method::kOptions &&
         request.header("access-control-request-method").data() != nullptr;
}

Reply preflight_reply(const Request& request, std::string_view methods = kMethods) {
  Reply reply;
  reply.status = 204;
  reply.add_header("Access-Control-Allow-Methods", methods);
  const std::string headers = request.header_list("access-control-request-headers");
  if (!headers.empty()) reply.add_header("Access-Control-Allow-Headers", headers);
  if (equals_lower(request.header("access-control-request-private-network"), "true")) {
    reply.add_header("Access-Control-Allow-Private-Network", "true");
  }
  reply.add_header("Access-Control-Max-Age", kRemembered);
  return reply;
}

Reply forbidden(const Request& request, std::string message) {
  return problem(Error{ErrorCode::kForbidden, std::move(message)}, request.request_id);
}

}  // namespace

bool OriginFilter::answers(Request& request, const Route* route, Reply& reply) {
  switch (rules_.judge(request)) {
    case OriginRules::Verdict::kOwn:
      return false;
    case OriginRules::Verdict::kAllowedOrigin:
      if (!is_preflight(request)) return false;
      reply = preflight_reply(request);
      return true;
    case OriginRules::Verdict::kForeignHost:
      reply = forbidden(request, "the host " + quote(shorten(request.host)) +
                                     " is not this server's; the operator may allow it "
                                     "(--allowed-host)");
      return true;
    case OriginRules::Verdict::kForeignOrigin:
      if (is_of_own_guests_page(request, route)) {
        if (!is_preflight(request)) return false;
        reply = preflight_reply(request, request.header("access-control-request-method"));
        return true;
      }
      reply = forbidden(request,
                        "pages of another origin may not call this server; the operator may allow "
                        "theirs (--cors-origin)");
      return true;
  }
  std::unreachable();
}

void OriginFilter::on_reply(const Request& request, const Route* route, Reply& reply) {
  if (request.header("origin") == kNoOrigin && is_of_own_guests_page(request, route)) {
    reply.add_header("Access-Control-Allow-Origin", kNoOrigin);
    return;
  }
  if (!rules_.allows_origins()) return;
  // Caches must not give a page the answer that was made for another.
  reply.add_header("Vary", "Origin");
  const std::string_view origin = request.header("origin");
  if (origin.empty() || !rules_.allows(origin)) return;
  reply.add_header("Access-Control-Allow-Origin", origin);
  reply.add_header("Access-Control-Expose-Headers", kExposed);
}

}  // namespace wasm_server

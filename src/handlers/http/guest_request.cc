#include "handlers/http/guest_request.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "auth/token_text.h"
#include "base/text.h"
#include "handlers/http/connection_fields.h"

namespace wasm_server {
namespace {

// Who is asked stands in the authority; the rest was for this server. Trailers are not handed on.
constexpr std::string_view kOwn[] = {"host", "expect", "trailer", "wasm-timeout-ms"};
constexpr std::string_view kBearer = "bearer ";

bool is_own(std::string_view name) {
  return std::ranges::any_of(kOwn,
                             [name](std::string_view own) { return equals_lower(name, own); });
}

// Also where no token is asked for: a client may send one all the same.
bool is_own_token(const Request::Header& header) {
  if (!equals_lower(header.name, "authorization")) return false;
  const std::string_view value = header.value;
  return equals_lower(value.substr(0, kBearer.size()), kBearer) &&
         trim(value.substr(kBearer.size())).starts_with(kTokenTextStart);
}

// Of what TE says only this one is not for the next hop alone.
bool is_te_trailers(const Request::Header& header) {
  return equals_lower(header.name, "te") && equals_lower(header.value, "trailers");
}

std::string path_with_query(const Request& request) {
  std::string path = "/";
  path += request.rest;
  if (request.query.data() != nullptr) path.append("?").append(request.query);
  return path;
}

}  // namespace

HttpRequestHead guest_request(const Request& request) {
  HttpRequestHead head;
  head.method = request.method_text;
  head.scheme = request.is_secure ? "https" : "http";
  head.authority = request.host;
  head.path_with_query = path_with_query(request);
  ConnectionFields connection;
  for (const auto& header : request.headers) {
    if (equals_lower(header.name, "connection")) connection.add(header.value);
  }
  head.fields.reserve(request.headers.size());
  for (const auto& header : request.headers) {
    const bool hidden = connection.contains(header.name) || is_own(header.name);
    if ((hidden && !is_te_trailers(header)) || is_own_token(header)) continue;
    head.fields.emplace_back(header.name, header.value);
  }
  return head;
}

}  // namespace wasm_server

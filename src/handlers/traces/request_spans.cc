#include "handlers/traces/request_spans.h"

#include <chrono>
#include <string>
#include <utility>

namespace wasm_server {
namespace {

constexpr unsigned kFirstServerError = 500;

}  // namespace

void RequestSpans::on_reply(const Request& request, const Route* route, const Reply& reply) {
  const std::string method(method_name(request.method));
  const std::string pattern(route == nullptr ? std::string_view{} : route->pattern);
  Span span;
  span.trace_id = request.trace.id;
  span.span_id = request.trace.span_id;
  span.parent_id = request.trace.parent_id;
  span.kind = Span::Kind::kServer;
  span.name = pattern.empty() ? method : method + " " + pattern;
  end_now(span, std::chrono::steady_clock::now() - request.began);
  span.failed = reply.status >= kFirstServerError;
  span.attributes = {{"http.request.method", method},
                     {"http.response.status_code", std::int64_t{reply.status}},
                     {"url.path", std::string(request.path)},
                     {"wasm.request_id", std::string(request.request_id)}};
  if (!pattern.empty()) span.attributes.push_back({"http.route", pattern});
  if (!request.token_id.empty())
    span.attributes.push_back({"wasm.access_token_id", request.token_id});
  queue_.add(std::move(span));
}

}  // namespace wasm_server

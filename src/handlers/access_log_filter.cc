#include "handlers/access_log_filter.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/log.h"

namespace wasm_server {
namespace {

std::optional<std::uint64_t> body_bytes(const Reply& reply) {
  if (const auto* const bytes = std::get_if<Bytes>(&reply.body)) return bytes->size();
  if (const auto* const shared = std::get_if<SharedBytes>(&reply.body))
    return *shared ? (*shared)->size() : 0;
  return std::get<std::unique_ptr<BodySource>>(reply.body)->size();
}

std::uint64_t microseconds_since(std::chrono::steady_clock::time_point begin) {
  if (begin == std::chrono::steady_clock::time_point{}) return 0;
  const auto time = std::chrono::steady_clock::now() - begin;
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(time).count());
}

}  // namespace

void AccessLogFilter::on_reply(const Request& request, const Route* route, Reply& reply) {
  if (!is_on_.load(std::memory_order_relaxed)) return;
  std::vector<LogField> fields{
      {"method", request.method_text},
      {"path", request.path},
      {"route", route == nullptr ? std::string_view{"none"} : route->name},
      {"status", std::uint64_t{reply.status}},
      {"us", microseconds_since(request.began)},
  };
  if (const auto bytes = body_bytes(reply)) fields.push_back({"bytes", *bytes});
  if (!request.token_id.empty()) fields.push_back({"token", std::string_view{request.token_id}});
  if (!request.trace.id.empty()) fields.push_back({"trace", std::string_view{request.trace.id}});
  fields.push_back({"request", request.request_id});
  log_event("request", fields);
}

}  // namespace wasm_server

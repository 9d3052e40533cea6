#include "handlers/rate_filter.h"

#include <functional>
#include <string_view>

#include "http/reply.h"

namespace wasm_server {
namespace {

std::uint64_t hash_of(const PeerAddress& address) {
  const auto* const bytes = reinterpret_cast<const char*>(address.data());
  return std::hash<std::string_view>{}({bytes, address.size()});
}

}  // namespace

Reply too_many_requests(const Request& request, std::chrono::nanoseconds wait) {
  Reply reply = problem(Error{ErrorCode::kRateLimited, "too many requests"}, request.request_id);
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
  reply.headers.add("Retry-After", static_cast<std::uint64_t>(seconds));
  return reply;
}

bool RateFilter::answers(Request& request, const Route* route, Reply& reply) {
  if (!addresses_.is_on() || request.is_operator ||
      (route != nullptr && route->scope == Scope::kNone))
    return false;
  const auto wait = addresses_.admit(hash_of(request.peer->address()), RateLimiter::Clock::now());
  if (wait.count() == 0) return false;
  reply = too_many_requests(request, wait);
  return true;
}

}  // namespace wasm_server

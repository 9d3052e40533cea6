#include "auth/rate_limiter.h"

#include <algorithm>

namespace wasm_server {
namespace {

using std::chrono::nanoseconds;

nanoseconds interval_of(std::uint64_t per_second) {
  constexpr nanoseconds kSecond = std::chrono::seconds(1);
  return per_second == 0
             ? nanoseconds(0)
             : std::max(kSecond / static_cast<std::int64_t>(per_second), nanoseconds(1));
}

void raise(std::atomic<std::int64_t>& place, std::int64_t to) {
  std::int64_t now = place.load(std::memory_order_relaxed);
  while (now < to && !place.compare_exchange_weak(now, to, std::memory_order_relaxed)) {
  }
}

}  // namespace

RateLimiter::RateLimiter(std::uint64_t per_second, std::uint64_t burst)
    : interval_(interval_of(per_second)),
      tolerance_(interval_ * static_cast<std::int64_t>(std::max<std::uint64_t>(burst, 1))) {
  if (is_on()) places_ = std::make_unique<std::array<Place, kPlaces>>();
}

nanoseconds RateLimiter::admit(std::uint64_t client, Clock::time_point now) {
  if (!is_on()) return nanoseconds(0);
  Place& first = (*places_)[client % kPlaces];
  Place& second = (*places_)[client / kPlaces % kPlaces];
  const std::int64_t time = nanoseconds(now.time_since_epoch()).count();
  const std::int64_t square =
      std::min(first.load(std::memory_order_relaxed), second.load(std::memory_order_relaxed));
  const std::int64_t next = std::max(square, time) + interval_.count();
  const nanoseconds beyond = nanoseconds(next - time) - tolerance_;
  if (beyond.count() > 0) return beyond;
  raise(first, next);
  raise(second, next);
  return nanoseconds(0);
}

}  // namespace wasm_server

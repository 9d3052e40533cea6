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

void RateLimiter::set(std::uint64_t per_second, std::uint64_t burst) {
  const nanoseconds interval = interval_of(per_second);
  const nanoseconds tolerance =
      interval * static_cast<std::int64_t>(std::max<std::uint64_t>(burst, 1));
  if (per_second != 0 && !places_) places_ = std::make_unique<std::array<Place, kPlaces>>();
  tolerance_ns_.store(tolerance.count(), std::memory_order_relaxed);
  interval_ns_.store(interval.count(), std::memory_order_release);
}

nanoseconds RateLimiter::admit(std::uint64_t client, Clock::time_point now) {
  const std::int64_t interval = interval_ns_.load(std::memory_order_acquire);
  if (interval == 0) return nanoseconds(0);
  Place& first = (*places_)[client % kPlaces];
  Place& second = (*places_)[client / kPlaces % kPlaces];
  const std::int64_t time = nanoseconds(now.time_since_epoch()).count();
  const std::int64_t square =
      std::min(first.load(std::memory_order_relaxed), second.load(std::memory_order_relaxed));
  const std::int64_t next = std::max(square, time) + interval;
  const nanoseconds beyond =
      nanoseconds(next - time - tolerance_ns_.load(std::memory_order_relaxed));
  if (beyond.count() > 0) return beyond;
  raise(first, next);
  raise(second, next);
  return nanoseconds(0);
}

}  // namespace wasm_server

#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace wasm_server {

// How many requests a second each of any number of clients may make: the generic cell rate
// algorithm (ITU-T I.371, annex A), which keeps one time for each. The table has a fixed size,
// however many clients there are. Each has two places in it, and the one that others use less
// counts; so a client is never let in more often than it may be, and only one both of whose places
// are in others' use as well is let in less often. Safe from any thread, without a lock.
class RateLimiter {
 public:
  using Clock = std::chrono::steady_clock;

  // As set().
  RateLimiter(std::uint64_t per_second, std::uint64_t burst) { set(per_second, burst); }

  // At most `per_second` on average (0: any number), and up to `burst` of them at once. One thread
  // at a time, also while others call admit().
  void set(std::uint64_t per_second, std::uint64_t burst);

  bool is_on() const { return interval_ns_.load(std::memory_order_relaxed) > 0; }

  // Counts a request of the client with that hash, which has 64 good bits. Zero: it may go on; else
  // how long it is until the next one may, and nothing was counted.
  std::chrono::nanoseconds admit(std::uint64_t client, Clock::time_point now);

 private:
  static constexpr std::size_t kPlaces = 1U << 16;
  using Place = std::atomic<std::int64_t>;  // when its client is square again, on the clock

  std::atomic<std::int64_t> tolerance_ns_{0};
  std::atomic<std::int64_t> interval_ns_{0};  // after places_, which are there when it is not 0
  std::unique_ptr<std::array<Place, kPlaces>> places_;
};

}  // namespace wasm_server

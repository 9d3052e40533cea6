#include <algorithm>
#include <chrono>
#include <limits>
#include <optional>
#include <vector>

#include "engine/wasi/wasi_call.h"

namespace wasm_server::wasi {

namespace {

using std::chrono::nanoseconds;

constexpr std::uint32_t kMaxSubscriptions = 1024;
constexpr std::uint64_t kForever = std::numeric_limits<std::uint64_t>::max();

struct Subscription {
  std::uint64_t userdata = 0;
  std::uint8_t type = 0;
  std::uint32_t id = 0;  // of the clock, or the fd
  std::uint64_t timeout = 0;
  std::uint16_t flags = 0;
};

// The bytes of `place` as `version` has them; empty when its type, clock or flag is none.
std::optional<Subscription> load_subscription(const char* place, Version version) {
  Subscription subscription;
  std::memcpy(&subscription.userdata, place, 8);
  std::memcpy(&subscription.type, place + 8, 1);
  if (subscription.type >= kEventTypes) return std::nullopt;
  const bool is_clock = subscription.type == kEventClock;
  if (is_clock && version == Version::kUnstable) place += kClockIdentifierBytes;
  std::memcpy(&subscription.id, place + 16, 4);
  if (!is_clock) return subscription;
  std::memcpy(&subscription.timeout, place + 24, 8);
  std::memcpy(&subscription.flags, place + 40, 2);
  if (subscription.id >= kClockIds || subscription.flags > kSubscriptionAbsolute) return {};
  return subscription;
}

std::uint32_t subscription_bytes(Version version) {
  return kSubscriptionBytes + (version == Version::kUnstable ? kClockIdentifierBytes : 0);
}

struct Event {
  Errno error = Errno::kSuccess;
  std::uint64_t bytes = 0;
  std::uint16_t flags = 0;
};

// The bytes between the fields stay as they are.
void store_event(char* place, const Subscription& subscription, const Event& event) {
  std::memcpy(place, &subscription.userdata, 8);
  std::memcpy(place + 8, &event.error, 2);
  std::memcpy(place + 10, &subscription.type, 1);
  std::memcpy(place + 16, &event.bytes, 8);
  std::memcpy(place + 24, &event.flags, 2);
}

// How long until the subscription has its event, in nanoseconds. Streams are always ready, and what
// is wrong is said at once.
std::uint64_t delay_of(const Subscription& subscription) {
  if (subscription.type != kEventClock || !has_clock(subscription.id)) return 0;
  if ((subscription.flags & kSubscriptionAbsolute) == 0) return subscription.timeout;
  const auto now = now_on(static_cast<ClockId>(subscription.id));
  return subscription.timeout > now ? subscription.timeout - now : 0;
}

// What is ready for a stream, or wrong with the subscription.
Event event_of(const Call& call, const Subscription& subscription) {
  if (subscription.type == kEventClock) {
    return {has_clock(subscription.id) ? Errno::kSuccess : Errno::kInval};
  }
  const auto stream = call.state.stream(subscription.id);
  const bool reads = subscription.type == kEventFdRead;
  if (!stream || reads != (*stream == Stream::kIn)) return {Errno::kBadf};
  if (!reads) return {Errno::kSuccess, 1};
  const std::uint64_t left = call.state.stdin_left();
  return {Errno::kSuccess, left, left == 0 ? kEventHangup : std::uint16_t{0}};
}

WasiState::Clock::time_point after(std::uint64_t delay) {
  // 73 years; the call's deadline ends the wait long before.
  constexpr std::uint64_t kLongest = 1ULL << 61;
  return WasiState::Clock::now() +
         nanoseconds(static_cast<std::int64_t>(std::min(delay, kLongest)));
}

}  // namespace

// Events are written before the wait: the guest is suspended and cannot look before it is over.
Errno poll_oneoff(Call& call) {
  const auto count = call.u32(2);
  if (count == 0 || count > kMaxSubscriptions) return Errno::kInval;
  const auto bytes = subscription_bytes(call.version);
  const char* in = call.memory.at(call.u32(0), std::uint64_t{count} * bytes);
  if (in == nullptr) return Errno::kFault;

  // Read before the first event is written, which may lie over them.
  std::vector<std::pair<Subscription, std::uint64_t>> all;  // each with its delay
  all.reserve(count);
  std::uint64_t shortest = kForever;
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto one = load_subscription(in + std::size_t{i} * bytes, call.version);
    if (!one) return Errno::kInval;
    all.emplace_back(*one, delay_of(*one));
    shortest = std::min(shortest, all.back().second);
  }
  char* out = call.memory.at(call.u32(1), std::uint64_t{count} * kEventBytes);
  const bool has_count = call.memory.at(call.u32(3), sizeof(std::uint32_t)) != nullptr;
  if (out == nullptr || !has_count) return Errno::kFault;
  std::uint32_t stored = 0;
  for (const auto& [subscription, delay] : all) {
    if (delay > shortest) continue;
    store_event(out + std::size_t{stored++} * kEventBytes, subscription,
                event_of(call, subscription));
  }
  if (shortest > 0) call.state.wait_until(after(shortest));
  call.memory.store(call.u32(3), stored);
  return Errno::kSuccess;
}

}  // namespace wasm_server::wasi

#include <sys/random.h>

#include <chrono>
#include <limits>
#include <optional>

#include "engine/wasi_call.h"

namespace wasm_server::wasi {

namespace {

using std::chrono::nanoseconds;

// Larger requests are filled piece by piece between polls.
constexpr std::uint32_t kRandomAtOnce = 256;  // getrandom() up to this is never short
constexpr std::uint32_t kMostSubscriptions = 1024;
// The name that guests see as argv[0].
constexpr std::string_view kProgramName = "main.wasm";

std::uint64_t now_on(ClockId clock) {
  const auto count = clock == ClockId::kRealtime
                         ? nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count()
                         : nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
  return static_cast<std::uint64_t>(count);
}

bool is_known_clock(std::uint32_t id) { return id <= 1; }

// Writes zero-terminated strings one after the other, and a table of pointers to them.
class StringTable {
 public:
  StringTable(const Call& call, std::uint32_t table, std::uint32_t buffer)
      : memory_(call.memory), table_(table), buffer_(buffer) {}

  void add(std::string_view first, std::string_view second = {}, std::string_view third = {}) {
    ok_ = ok_ && memory_.store(table_, buffer_);
    table_ += 4;
    for (const auto part : {first, second, third, std::string_view("\0", 1)}) append(part);
  }
  bool ok() const { return ok_; }

 private:
  void append(std::string_view part) {
    char* place = memory_.at(buffer_, part.size());
    ok_ = ok_ && place != nullptr;
    if (!ok_ || part.empty()) return;
    std::memcpy(place, part.data(), part.size());
    buffer_ += static_cast<std::uint32_t>(part.size());
  }

  GuestMemory memory_;
  std::uint32_t table_;
  std::uint32_t buffer_;
  bool ok_ = true;
};

Errno store_sizes(const Call& call, std::size_t count, std::size_t bytes) {
  const bool ok = call.memory.store(call.u32(0), static_cast<std::uint32_t>(count)) &&
                  call.memory.store(call.u32(1), static_cast<std::uint32_t>(bytes));
  return ok ? Errno::kSuccess : Errno::kFault;
}

struct Subscription {
  std::uint64_t userdata = 0;
  std::uint8_t type = 0;
  std::uint32_t id = 0;  // of the clock, or the fd
  std::uint64_t timeout = 0;
  std::uint16_t flags = 0;
};

Subscription load_subscription(const char* place) {
  Subscription subscription;
  std::memcpy(&subscription.userdata, place, 8);
  std::memcpy(&subscription.type, place + 8, 1);
  std::memcpy(&subscription.id, place + 16, 4);
  std::memcpy(&subscription.timeout, place + 24, 8);
  std::memcpy(&subscription.flags, place + 40, 2);
  return subscription;
}

void store_event(char* place, const Subscription& subscription, Errno error, std::uint64_t bytes,
                 std::uint16_t flags) {
  std::memset(place, 0, kEventBytes);
  std::memcpy(place, &subscription.userdata, 8);
  std::memcpy(place + 8, &error, 2);
  std::memcpy(place + 10, &subscription.type, 1);
  std::memcpy(place + 16, &bytes, 8);
  std::memcpy(place + 24, &flags, 2);
}

// How long until a clock subscription fires, from now, in nanoseconds.
std::uint64_t delay_of(const Subscription& subscription) {
  if ((subscription.flags & kSubscriptionAbsolute) == 0) return subscription.timeout;
  const auto now = now_on(static_cast<ClockId>(subscription.id));
  return subscription.timeout > now ? subscription.timeout - now : 0;
}

WasiState::Clock::time_point after(std::uint64_t delay) {
  constexpr std::uint64_t kForever =
      1ULL << 61;  // 73 years; the call's deadline ends the wait long before
  return WasiState::Clock::now() +
         nanoseconds(static_cast<std::int64_t>(std::min(delay, kForever)));
}

// Writes the event of a stream that is ready, or of a subscription that is wrong. False: it is a
// clock.
bool store_immediate_event(const Call& call, const Subscription& subscription, char* place) {
  if (subscription.type == kEventClock) {
    if (is_known_clock(subscription.id)) return false;
    store_event(place, subscription, Errno::kInval, 0, 0);
  } else if (!call.state.is_open(subscription.id)) {
    store_event(place, subscription, Errno::kBadf, 0, 0);
  } else if (subscription.type == kEventFdRead) {
    const auto left = call.state.stdin_left();
    store_event(place, subscription, Errno::kSuccess, left, left == 0 ? kEventHangup : 0);
  } else {
    store_event(place, subscription, Errno::kSuccess, 1, 0);
  }
  return true;
}

}  // namespace

Errno args_sizes_get(Call& call) {
  std::size_t bytes = kProgramName.size() + 1;
  for (const auto& arg : call.state.input().args) bytes += arg.size() + 1;
  return store_sizes(call, call.state.input().args.size() + 1, bytes);
}

Errno args_get(Call& call) {
  StringTable table(call, call.u32(0), call.u32(1));
  table.add(kProgramName);
  for (const auto& arg : call.state.input().args) table.add(arg);
  return table.ok() ? Errno::kSuccess : Errno::kFault;
}

Errno environ_sizes_get(Call& call) {
  std::size_t bytes = 0;
  for (const auto& [name, value] : call.state.input().env) bytes += name.size() + value.size() + 2;
  return store_sizes(call, call.state.input().env.size(), bytes);
}

Errno environ_get(Call& call) {
  StringTable table(call, call.u32(0), call.u32(1));
  for (const auto& [name, value] : call.state.input().env) table.add(name, "=", value);
  return table.ok() ? Errno::kSuccess : Errno::kFault;
}

Errno clock_res_get(Call& call) {
  if (!is_known_clock(call.u32(0))) return Errno::kInval;
  constexpr std::uint64_t kResolution = 1;
  return call.memory.store(call.u32(1), kResolution) ? Errno::kSuccess : Errno::kFault;
}

Errno clock_time_get(Call& call) {
  if (!is_known_clock(call.u32(0))) return Errno::kInval;
  const auto now = now_on(static_cast<ClockId>(call.u32(0)));
  return call.memory.store(call.u32(2), now) ? Errno::kSuccess : Errno::kFault;
}

Errno random_get(Call& call) {
  const auto length = call.u32(1);
  char* place = call.memory.at(call.u32(0), length);
  if (place == nullptr) return Errno::kFault;
  if (length <= kRandomAtOnce && getrandom(place, length, 0) == static_cast<ssize_t>(length)) {
    return Errno::kSuccess;
  }
  call.state.wait_for_random({place, length});
  return Errno::kSuccess;
}

// Events are written before the wait: the guest is suspended and cannot look before it is over.
Errno poll_oneoff(Call& call) {
  const auto count = call.u32(2);
  if (count == 0 || count > kMostSubscriptions) return Errno::kInval;
  const char* subscriptions =
      call.memory.at(call.u32(0), std::uint64_t{count} * kSubscriptionBytes);
  char* events = call.memory.at(call.u32(1), std::uint64_t{count} * kEventBytes);
  if (subscriptions == nullptr || events == nullptr) return Errno::kFault;

  std::uint32_t stored = 0;
  std::optional<std::uint64_t> shortest;
  Subscription first;
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto subscription =
        load_subscription(subscriptions + std::size_t{i} * kSubscriptionBytes);
    if (store_immediate_event(call, subscription, events + std::size_t{stored} * kEventBytes)) {
      ++stored;
    } else if (const auto delay = delay_of(subscription); !shortest || delay < *shortest) {
      shortest = delay;
      first = subscription;
    }
  }
  if (stored == 0) {
    store_event(events, first, Errno::kSuccess, 0, 0);
    stored = 1;
    call.state.wait_until(after(*shortest));
  }
  return call.memory.store(call.u32(3), stored) ? Errno::kSuccess : Errno::kFault;
}

Errno sched_yield(Call& /*call*/) { return Errno::kSuccess; }

Errno proc_exit(Call& call) {
  call.state.exit_code = static_cast<std::int32_t>(call.u32(0));
  return Errno::kSuccess;  // the trampoline stops the guest
}

}  // namespace wasm_server::wasi

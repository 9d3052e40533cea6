#pragma once

// Numbers and layouts of WASI preview 1 (witx, legacy/preview1).

#include <cstdint>

namespace wasm_server::wasi {

enum class Errno : std::uint16_t {
  kSuccess = 0,
  kBadf = 8,
  kFault = 21,
  kInval = 28,
  kNotdir = 54,
  kNotsock = 57,
  kNotsup = 58,
  kSpipe = 70,
};

enum class ClockId : std::uint32_t { kRealtime = 0, kMonotonic = 1 };

inline constexpr std::uint8_t kEventClock = 0;
inline constexpr std::uint8_t kEventFdRead = 1;
inline constexpr std::uint8_t kEventFdWrite = 2;
inline constexpr std::uint16_t kSubscriptionAbsolute = 1;
inline constexpr std::uint16_t kEventHangup = 1;

inline constexpr std::uint32_t kSubscriptionBytes = 48;
inline constexpr std::uint32_t kEventBytes = 32;
inline constexpr std::uint32_t kFdstatBytes = 24;
inline constexpr std::uint32_t kFilestatBytes = 64;
inline constexpr std::uint32_t kIovecBytes = 8;

inline constexpr std::uint64_t kRightFdRead = 1U << 1;
inline constexpr std::uint64_t kRightFdWrite = 1U << 6;
inline constexpr std::uint64_t kRightPoll = 1U << 27;

}  // namespace wasm_server::wasi

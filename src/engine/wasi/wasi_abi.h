#pragma once

// Numbers and layouts of WASI preview 1 (witx, legacy/preview1).

#include <cstdint>

namespace wasm_server::wasi {

enum class Errno : std::uint16_t {
  kSuccess = 0,
  kBadf = 8,
  kFault = 21,
  kIlseq = 25,
  kInval = 28,
  kNametoolong = 37,
  kNotdir = 54,
  kNotsock = 57,
  kNotsup = 58,
  kSpipe = 70,
};

// Preview 1, and what was called `wasi_unstable` before it had a number.
enum class Version : std::uint8_t { kPreview1, kUnstable };

enum class ClockId : std::uint32_t { kRealtime = 0, kMonotonic = 1 };
inline constexpr std::uint32_t kClockIds = 4;  // with those of CPU time, which are not offered

inline constexpr std::uint8_t kEventClock = 0;
inline constexpr std::uint8_t kEventFdRead = 1;
inline constexpr std::uint8_t kEventFdWrite = 2;
inline constexpr std::uint8_t kEventTypes = 3;
inline constexpr std::uint16_t kSubscriptionAbsolute = 1;  // the only flag
inline constexpr std::uint16_t kEventHangup = 1;

// A subscription to a clock began with an identifier of its own in `wasi_unstable`, so that all
// that stands behind it, and every subscription, is eight bytes further.
inline constexpr std::uint32_t kSubscriptionBytes = 48;
inline constexpr std::uint32_t kClockIdentifierBytes = 8;
inline constexpr std::uint32_t kEventBytes = 32;
inline constexpr std::uint32_t kFdstatBytes = 24;
inline constexpr std::uint32_t kFilestatBytes = 64;
inline constexpr std::uint32_t kFiletypeOffset = 16;
inline constexpr std::uint32_t kLinksOffset = 24;  // a count of 64 bits, and the rest behind it
inline constexpr std::uint32_t kUnstableFilestatBytes = 56;
inline constexpr std::uint32_t kUnstableLinksOffset = 20;  // of 32 bits
inline constexpr std::uint32_t kIovecBytes = 8;

inline constexpr std::uint64_t kRightFdRead = 1U << 1;
inline constexpr std::uint64_t kRightFdWrite = 1U << 6;

}  // namespace wasm_server::wasi

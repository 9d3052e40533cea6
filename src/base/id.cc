#include "base/id.h"

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "base/random.h"
#include "base/text.h"
#include "base/time.h"

namespace wasm_server {
namespace {

constexpr std::size_t kMaxId = 128;

bool is_id_char(char c) { return ascii_alnum(c) || c == '.' || c == '_' || c == '-'; }

// 48 bits of milliseconds, then 12 bits that count up within one (RFC 9562, section 6.2, method 1).
// Running ahead of the clock is allowed and keeps ids unique when more than 4096 are made in a
// millisecond or the clock is set back.
std::uint64_t next_stamp(std::uint64_t millis) {
  static std::atomic<std::uint64_t> last{0};
  const std::uint64_t earliest = millis << 12;
  std::uint64_t seen = last.load(std::memory_order_relaxed);
  std::uint64_t stamp = 0;
  do {
    stamp = std::max(seen + 1, earliest);
  } while (!last.compare_exchange_weak(seen, stamp, std::memory_order_relaxed));
  return stamp;
}

}  // namespace

bool is_valid_id(std::string_view id) {
  return !id.empty() && id.size() <= kMaxId && ascii_alnum(id.front()) &&
         std::ranges::all_of(id, is_id_char);
}

std::string make_uuid_v7(std::chrono::system_clock::time_point now) {
  constexpr std::uint64_t kVersion = 7;
  constexpr std::uint64_t kVariant = 0b10;
  const std::uint64_t stamp =
      next_stamp(static_cast<std::uint64_t>(std::max<UnixMillis>(unix_millis(now), 0)));
  const std::uint64_t random = random_u64();
  std::string text;
  text.reserve(36);
  append_hex(text, stamp >> 28, 8);
  text += '-';
  append_hex(text, (stamp >> 12) & 0xffff, 4);
  text += '-';
  append_hex(text, (kVersion << 12) | (stamp & 0xfff), 4);
  text += '-';
  append_hex(text, (kVariant << 14) | ((random >> 48) & 0x3fff), 4);
  text += '-';
  append_hex(text, random & 0xffff'ffff'ffff, 12);
  return text;
}

}  // namespace wasm_server

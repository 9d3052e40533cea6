#include "engine/binary_reader.h"

namespace wasm_server {

void BinaryReader::fail(const char* reason) {
  if (failure_ == nullptr) failure_ = reason;
  rest_ = {};
}

std::uint8_t BinaryReader::byte() {
  if (rest_.empty()) {
    fail("unexpected end");
    return 0;
  }
  const auto value = static_cast<std::uint8_t>(rest_.front());
  rest_.remove_prefix(1);
  return value;
}

std::uint64_t BinaryReader::unsigned_leb(unsigned bits) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < bits; shift += 7) {
    const std::uint8_t next = byte();
    const std::uint64_t group = next & 0x7F;
    if (bits - shift < 7 && (group >> (bits - shift)) != 0) break;
    value |= group << shift;
    if (next < 0x80) return ok() ? value : 0;
  }
  fail("integer too long or too large");
  return 0;
}

std::uint32_t BinaryReader::u32() { return static_cast<std::uint32_t>(unsigned_leb(32)); }

std::uint64_t BinaryReader::u64() { return unsigned_leb(64); }

std::int64_t BinaryReader::s33() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 35; shift += 7) {
    const std::uint8_t next = byte();
    value |= static_cast<std::uint64_t>(next & 0x7F) << shift;
    if (next >= 0x80) continue;
    const unsigned unused = 64 - (shift + 7);
    const auto extended = static_cast<std::int64_t>(value << unused) >> unused;
    if (extended < -(std::int64_t{1} << 32) || extended >= (std::int64_t{1} << 32)) break;
    return extended;
  }
  fail("integer too long or too large");
  return 0;
}

std::string_view BinaryReader::bytes(std::size_t count) {
  if (count > rest_.size()) {
    fail("unexpected end");
    return {};
  }
  const std::string_view taken = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return taken;
}

std::uint32_t BinaryReader::count() {
  const std::uint32_t value = u32();
  if (value <= rest_.size()) return value;
  fail("more items than bytes");
  return 0;
}

}  // namespace wasm_server

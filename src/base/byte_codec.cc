#include "base/byte_codec.h"

#include <array>

namespace wasm_server {

void ByteWriter::u64(std::uint64_t value) {
  std::array<char, 8> bytes;
  for (char& byte : bytes) {
    byte = static_cast<char>(value & 0xff);
    value >>= 8;
  }
  out_.append(bytes.data(), bytes.size());
}

void ByteWriter::varint(std::uint64_t value) {
  while (value >= 0x80) {
    u8(static_cast<std::uint8_t>(value | 0x80));
    value >>= 7;
  }
  u8(static_cast<std::uint8_t>(value));
}

void ByteWriter::text(std::string_view text) {
  varint(text.size());
  raw(text);
}

std::uint8_t ByteReader::u8() {
  const std::string_view byte = raw(1);
  return byte.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(byte[0]);
}

std::uint64_t ByteReader::u64() {
  const std::string_view bytes = raw(8);
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;)
    value = (value << 8) | static_cast<std::uint8_t>(bytes[i]);
  return value;
}

std::uint64_t ByteReader::varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const std::uint64_t byte = u8();
    const bool fits = shift < 63 || byte <= 1;
    if (!fits) break;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  fail();
  return 0;
}

std::string_view ByteReader::raw(std::size_t size) {
  if (size > in_.size()) {
    fail();
    return {};
  }
  const std::string_view bytes = in_.substr(0, size);
  in_.remove_prefix(size);
  return bytes;
}

std::string_view ByteReader::text() { return raw(count()); }

std::size_t ByteReader::count() {
  const std::uint64_t value = varint();
  if (value <= in_.size()) return value;
  fail();
  return 0;
}

void ByteReader::fail() {
  failed_ = true;
  in_ = {};
}

}  // namespace wasm_server

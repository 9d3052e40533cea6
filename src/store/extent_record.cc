#include "store/extent_record.h"

#include <cstdint>

#include "base/byte_codec.h"

namespace wasm_server {
namespace {

constexpr std::uint8_t kVersion = 1;

}  // namespace

std::string extent_key(const Extent& extent) {
  std::string key;
  for (int shift = 56; shift >= 0; shift -= 8)
    key += static_cast<char>((extent.offset >> shift) & 0xff);
  return key;
}

std::string encode_extent(const Extent& extent) {
  std::string value;
  ByteWriter to{value};
  to.u8(kVersion);
  to.u64(extent.size);
  return value;
}

Result<Extent> decode_extent(std::string_view key, std::string_view value) {
  Extent extent;
  for (const char byte : key) extent.offset = extent.offset << 8 | static_cast<std::uint8_t>(byte);
  ByteReader from{value};
  const bool known = from.u8() == kVersion;
  extent.size = from.u64();
  if (known && key.size() == sizeof extent.offset && !from.failed() && from.at_end()) return extent;
  return fail(ErrorCode::kInternal, "a stored record is damaged",
              "extent at " + std::to_string(extent.offset) + ": not of its form");
}

}  // namespace wasm_server

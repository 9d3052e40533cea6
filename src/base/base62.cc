#include "base/base62.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace wasm_server {
namespace {

constexpr std::string_view kDigits =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

std::size_t digits_of(std::size_t bytes) {
  return static_cast<std::size_t>(std::ceil(static_cast<double>(bytes) * 8 / std::log2(62)));
}

// Divides the big-endian number by 62; the remainder.
unsigned divide(std::string& number) {
  unsigned rest = 0;
  for (char& byte : number) {
    const unsigned value = rest << 8 | static_cast<std::uint8_t>(byte);
    byte = static_cast<char>(value / 62);
    rest = value % 62;
  }
  return rest;
}

}  // namespace

std::string encode_base62(std::string_view bytes) {
  std::string number(bytes);
  std::string text(digits_of(bytes.size()), kDigits.front());
  std::ranges::generate(text.rbegin(), text.rend(), [&number] { return kDigits[divide(number)]; });
  return text;
}

}  // namespace wasm_server

#include "base/text.h"

#include <array>
#include <charconv>
#include <limits>

#include "base/utf8.h"

namespace wasm_server {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";

}  // namespace

std::string quote(std::string_view text) {
  std::string quoted;
  quoted.reserve(text.size() + 2);
  quoted += '"';
  quoted += text;
  quoted += '"';
  return quoted;
}

std::string shorten(std::string_view text) {
  constexpr std::size_t kMax = 48;
  const std::string_view prefix = utf8_prefix(text, kMax);
  return std::string(prefix) + (prefix.size() < text.size() ? "..." : "");
}

void append_number(std::string& out, std::uint64_t number, int base) {
  std::array<char, std::numeric_limits<std::uint64_t>::digits> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, base).ptr;
  out.append(digits.data(), end);
}

std::optional<std::uint64_t> parse_unsigned(std::string_view text) {
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> parse_positive(std::string_view text) {
  const auto value = parse_unsigned(text);
  return value == 0 ? std::nullopt : value;
}

void append_hex(std::string& out, std::span<const std::uint8_t> bytes) {
  const std::size_t start = out.size();
  out.resize(start + 2 * bytes.size());
  char* next = out.data() + start;
  for (const std::uint8_t byte : bytes) {
    *next++ = kHexDigits[byte >> 4];
    *next++ = kHexDigits[byte & 15];
  }
}

void append_hex(std::string& out, std::uint64_t value, unsigned digits) {
  std::array<char, 16> text;
  for (unsigned i = digits; i > 0; --i, value >>= 4) text[i - 1] = kHexDigits[value & 15];
  out.append(text.data(), digits);
}

bool decode_hex(std::string_view hex, std::span<std::uint8_t> out) {
  if (hex.size() != 2 * out.size()) return false;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto high = hex_digit(hex[2 * i]);
    const auto low = hex_digit(hex[2 * i + 1]);
    if (!high || !low) return false;
    out[i] = static_cast<std::uint8_t>(*high << 4 | *low);
  }
  return true;
}

}  // namespace wasm_server

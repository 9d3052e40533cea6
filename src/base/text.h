#pragma once

// Small work on text. None of it depends on the process's locale, and none of it fails.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace wasm_server {

constexpr char ascii_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

constexpr bool ascii_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// `lower` must be in lower case.
constexpr bool equals_lower(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (ascii_lower(text[i]) != lower[i]) return false;
  }
  return true;
}

inline std::string to_lower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), ascii_lower);
  return lower;
}

// Without the optional white space (SP, HTAB) on either side.
constexpr std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// In double quotes, as it is.
std::string quote(std::string_view text);

// A client's or a module's text for an error message: at most 48 bytes of it, cut between UTF-8
// sequences, then "...".
std::string shorten(std::string_view text);

// Appends the digits of `number` in that base, 2-36. On the path of every request, so without a
// format string (0.3 us less) and without a string of its own.
void append_number(std::string& out, std::uint64_t number, int base = 10);

// Empty unless the whole text is decimal digits (no sign, no space) of a number below 2^64.
std::optional<std::uint64_t> parse_unsigned(std::string_view text);
// The same, and not zero.
std::optional<std::uint64_t> parse_positive(std::string_view text);

// Appends two lower-case hexadecimal digits for each byte.
void append_hex(std::string& out, std::span<const std::uint8_t> bytes);
// Appends the last `digits` (at most 16) hexadecimal digits of `value`.
void append_hex(std::string& out, std::uint64_t value, unsigned digits);

// The value of a hexadecimal digit of either case; empty for any other character.
constexpr std::optional<std::uint8_t> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  const char lower = ascii_lower(c);
  if (lower >= 'a' && lower <= 'f') return static_cast<std::uint8_t>(lower - 'a' + 10);
  return std::nullopt;
}

// Whether `hex` is exactly two digits for each byte of `out`, which then has them.
bool decode_hex(std::string_view hex, std::span<std::uint8_t> out);

}  // namespace wasm_server

#include "engine/values/number_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <limits>
#include <type_traits>

namespace wasm_server {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t count_digits(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::find_if_not(text, is_digit) - text.begin());
}

std::string_view take(std::string_view& text, std::size_t length) {
  const std::string_view taken = text.substr(0, length);
  text.remove_prefix(length);
  return taken;
}

bool take_char(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

// A number cut into its parts: [-] whole [. fraction] [e exponent]
struct Parts {
  bool negative = false;
  std::string_view whole;
  std::string_view fraction;
  std::int64_t exponent = 0;  // at most 10^15 in magnitude, far beyond the length of any text
};

std::int64_t read_exponent(std::string_view text) {
  constexpr std::int64_t kMost = 1'000'000'000'000'000;
  const bool negative = take_char(text, '-');
  take_char(text, '+');
  std::int64_t exponent = 0;
  for (const char c : text) exponent = std::min(exponent * 10 + (c - '0'), kMost);
  return negative ? -exponent : exponent;
}

Parts cut(std::string_view text) {
  Parts parts;
  parts.negative = take_char(text, '-');
  parts.whole = take(text, count_digits(text));
  if (take_char(text, '.')) parts.fraction = take(text, count_digits(text));
  if (!text.empty()) parts.exponent = read_exponent(text.substr(1));
  return parts;
}

std::size_t trailing_zeros(std::string_view digits) {
  const std::size_t last = digits.find_last_not_of('0');
  return last == digits.npos ? digits.size() : digits.size() - 1 - last;
}

// Appends `digits` to the decimal number in `value`; false when it no longer fits.
bool append_digits(std::uint64_t& value, std::string_view digits) {
  constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
  for (const char c : digits) {
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (kMax - digit) / 10) return false;
    value = value * 10 + digit;
  }
  return true;
}

bool append_zeros(std::uint64_t& value, std::int64_t count) {
  while (value != 0 && count-- > 0) {
    if (!append_digits(value, "0")) return false;
  }
  return true;
}

// whole.fraction times ten to the exponent, by moving the point: first the zeros at the end are
// dropped, then the point must not stand before the last digit that is left.
IntegerText parse_general(std::string_view text) {
  Parts parts = cut(text);
  parts.fraction.remove_suffix(trailing_zeros(parts.fraction));
  if (parts.fraction.empty()) {
    const std::size_t zeros = trailing_zeros(parts.whole);
    parts.whole.remove_suffix(zeros);
    parts.exponent += static_cast<std::int64_t>(zeros);
  }
  const std::int64_t zeros = parts.exponent - static_cast<std::int64_t>(parts.fraction.size());
  if (parts.whole.empty() && parts.fraction.empty()) return {};
  if (zeros < 0) return {.status = NumberStatus::kFraction};
  IntegerText result{.negative = parts.negative};
  if (!append_digits(result.magnitude, parts.whole) ||
      !append_digits(result.magnitude, parts.fraction) || !append_zeros(result.magnitude, zeros)) {
    result.status = NumberStatus::kOutOfRange;
  }
  return result;
}

// Whether a number that is not zero is one or more: enough to tell what was out of range.
bool is_large(std::string_view text) {
  const Parts parts = cut(text);
  const std::size_t whole = parts.whole.find_first_not_of('0');
  if (whole != parts.whole.npos) {
    return static_cast<std::int64_t>(parts.whole.size() - whole) + parts.exponent > 0;
  }
  const std::size_t fraction = parts.fraction.find_first_not_of('0');
  return fraction != parts.fraction.npos && parts.exponent > static_cast<std::int64_t>(fraction);
}

// Whether a client that reads `text` as a double and narrows it gets `value`. Nearly always; but
// 7.038531e-26, the shortest text of 0x15AE43FD, lies so close to the middle of two floats that its
// nearest double is that middle, which then rounds to the other one.
bool survives_double(std::string_view text, float value) {
  double wide = 0;
  std::from_chars(text.data(), text.data() + text.size(), wide);
  return static_cast<float>(wide) == value;
}

}  // namespace

bool is_json_number(std::string_view text) {
  take_char(text, '-');
  const std::string_view whole = take(text, count_digits(text));
  if (whole.empty() || (whole.size() > 1 && whole.front() == '0')) return false;
  if (take_char(text, '.') && take(text, count_digits(text)).empty()) return false;
  if (take_char(text, 'e') || take_char(text, 'E')) {
    if (!take_char(text, '-')) take_char(text, '+');
    if (take(text, count_digits(text)).empty()) return false;
  }
  return text.empty();
}

bool is_decimal_integer(std::string_view text) {
  take_char(text, '-');
  return !text.empty() && count_digits(text) == text.size();
}

IntegerText parse_integer(std::string_view text) {
  IntegerText result{.negative = !text.empty() && text.front() == '-'};
  const char* const begin = text.data() + (result.negative ? 1 : 0);
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(begin, end, result.magnitude);
  if (error != std::errc{} || stop != end) return parse_general(text);
  result.negative = result.negative && result.magnitude != 0;
  return result;
}

template <class Float>
bool parse_float(std::string_view text, Float& value) {
  Float read{};
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), read);
  if (error == std::errc::result_out_of_range) {
    // Too large and too small are the same error here, and the value may be untouched.
    if (is_large(text)) return false;
    read = text.front() == '-' ? -Float{} : Float{};
  }
  if (!std::isfinite(read)) return false;
  value = read;
  return true;
}

template <class Float>
void append_float(std::string& out, Float value) {
  if (value == 0) {
    out += std::signbit(value) ? "-0.0" : "0";
    return;
  }
  std::array<char, 32> text;  // 24 are enough: sign, 17 digits, point, "e-308"
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  if constexpr (std::is_same_v<Float, float>) {
    if (!survives_double({text.data(), end}, value)) {
      return append_float(out, static_cast<double>(value));
    }
  }
  out.append(text.data(), end);
}

template bool parse_float(std::string_view, float&);
template bool parse_float(std::string_view, double&);
template void append_float(std::string&, float);
template void append_float(std::string&, double);

}  // namespace wasm_server

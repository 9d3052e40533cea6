#pragma once

// Numbers between text and bits, each with a single rounding. All functions take texts of any
// length and cost time linear in it.

#include <cstdint>
#include <string>
#include <string_view>

namespace wasm_server {

// The grammar of RFC 8259, section 6: "-0.5e+3", but neither "+1", "01", "1." nor ".5".
bool is_json_number(std::string_view text);

// [-]digits
bool is_decimal_integer(std::string_view text);

enum class NumberStatus : std::uint8_t { kExact, kFraction, kOutOfRange };

// The value of a text for which is_json_number or is_decimal_integer holds, when it has no fraction
// ("2e0", "2.0" and "20e-1" have none) and its magnitude is below 2^64.
struct IntegerText {
  NumberStatus status = NumberStatus::kExact;
  bool negative = false;  // never for zero
  std::uint64_t magnitude = 0;
};
IntegerText parse_integer(std::string_view text);

// Rounded to nearest, ties to even, straight to Float (float or double). False when it is beyond
// the largest finite one; what is too small becomes a subnormal or a zero of its sign. `text` as
// for parse_integer.
template <class Float>
bool parse_float(std::string_view text, Float& value);

// Appends the shortest text that reads back to the same finite value, as a JSON number. For a float
// it does so too when it is read as a double and then narrowed, as JSON parsers do: where the
// shortest text would not, the double's is taken. "-0.0" keeps its sign in parsers that take "-0"
// for an integer.
template <class Float>
void append_float(std::string& out, Float value);

}  // namespace wasm_server

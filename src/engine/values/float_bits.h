#pragma once

// The floats that JSON numbers cannot say, and the bits of all of them (IEEE 754 binary32 and
// binary64). Float is float or double.

#include <bit>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace wasm_server {

template <class Float>
using FloatBits = std::conditional_t<sizeof(Float) == 4, std::uint32_t, std::uint64_t>;

template <class Float>
FloatBits<Float> float_bits(Float value) {
  return std::bit_cast<FloatBits<Float>>(value);
}

// Hexadecimal digits, either case, at most 16 of significance.
std::optional<std::uint64_t> parse_hex(std::string_view digits);

// "NaN" (the positive canonical one), "Infinity", "-Infinity", and NaNs as the WebAssembly text
// format spells them: "nan", "-nan", "nan:0x200000", "-nan:0x200000" (payload not zero, within the
// mantissa). Empty for anything else.
template <class Float>
std::optional<FloatBits<Float>> special_float_bits(std::string_view text);

// Appends a JSON value that reads back to the same bits: a number, or one of the strings above.
template <class Float>
void append_float_bits(std::string& out, FloatBits<Float> bits);

}  // namespace wasm_server

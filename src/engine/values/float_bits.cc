#include "engine/values/float_bits.h"

#include <array>
#include <charconv>
#include <cmath>

#include "engine/values/number_text.h"

namespace wasm_server {
namespace {

template <class Float>
struct Layout {
  using Bits = FloatBits<Float>;
  static constexpr int kMantissaBits = sizeof(Float) == 4 ? 23 : 52;
  static constexpr Bits kMantissa = (Bits{1} << kMantissaBits) - 1;
  static constexpr Bits kQuiet = Bits{1} << (kMantissaBits - 1);  // a canonical NaN's payload
  static constexpr Bits kSign = Bits{1} << (sizeof(Float) * 8 - 1);
  static constexpr Bits kInfinity = ~(kMantissa | kSign);
};

// "nan" or "nan:0x200000"
template <class Float>
std::optional<FloatBits<Float>> parse_nan_payload(std::string_view text) {
  if (text == "nan") return Layout<Float>::kQuiet;
  constexpr std::string_view kPrefix = "nan:0x";
  if (!text.starts_with(kPrefix)) return std::nullopt;
  const auto payload = parse_hex(text.substr(kPrefix.size()));
  if (!payload || *payload == 0 || *payload > Layout<Float>::kMantissa) return std::nullopt;
  return static_cast<FloatBits<Float>>(*payload);
}

template <class Float>
void append_nan(std::string& out, FloatBits<Float> bits) {
  using L = Layout<Float>;
  if (bits == (L::kInfinity | L::kQuiet)) {
    out += "\"NaN\"";
    return;
  }
  std::array<char, 16> payload;
  const auto end =
      std::to_chars(payload.data(), payload.data() + payload.size(), bits & L::kMantissa, 16);
  out += (bits & L::kSign) != 0 ? "\"-nan:0x" : "\"nan:0x";
  out.append(payload.data(), end.ptr);
  out += '"';
}

}  // namespace

std::optional<std::uint64_t> parse_hex(std::string_view digits) {
  std::uint64_t value = 0;
  const char* const end = digits.data() + digits.size();
  if (digits.starts_with('-')) return std::nullopt;  // which from_chars would take
  const auto [stop, error] = std::from_chars(digits.data(), end, value, 16);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

template <class Float>
std::optional<FloatBits<Float>> special_float_bits(std::string_view text) {
  using L = Layout<Float>;
  if (text == "NaN") return L::kInfinity | L::kQuiet;
  if (text == "Infinity") return L::kInfinity;
  if (text == "-Infinity") return L::kSign | L::kInfinity;
  const bool negative = text.starts_with('-');
  const auto payload = parse_nan_payload<Float>(text.substr(negative ? 1 : 0));
  if (!payload) return std::nullopt;
  return (negative ? L::kSign : 0) | L::kInfinity | *payload;
}

template <class Float>
void append_float_bits(std::string& out, FloatBits<Float> bits) {
  const auto value = std::bit_cast<Float>(bits);
  if (std::isnan(value)) return append_nan<Float>(out, bits);
  if (std::isinf(value)) {
    out += value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
    return;
  }
  append_float(out, value);
}

template std::optional<std::uint32_t> special_float_bits<float>(std::string_view);
template std::optional<std::uint64_t> special_float_bits<double>(std::string_view);
template void append_float_bits<float>(std::string&, std::uint32_t);
template void append_float_bits<double>(std::string&, std::uint64_t);

}  // namespace wasm_server

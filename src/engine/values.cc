#include "engine/values.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/utf8.h"
#include "engine/number_text.h"

namespace wasm_server {
namespace {

using Kind = Argument::Kind;

constexpr std::size_t kQuotedBytes = 48;  // of a client's text in an error message

std::string shorten(std::string_view text) {
  const std::string_view prefix = utf8_prefix(text, kQuotedBytes);
  return std::string(prefix) + (prefix.size() < text.size() ? "..." : "");
}

std::string quote(std::string_view text) { return '"' + shorten(text) + '"'; }

std::string describe(const Argument& argument) {
  return argument.kind == Kind::kString ? quote(argument.text) : shorten(argument.text);
}

std::string with_article(ValueType type) {
  const std::string name = to_text(type);
  return (name.front() == 'i' || name.front() == 'e' || name.starts_with("f3") ||
                  name.starts_with("f6")
              ? "an "
              : "a ") +
         name;
}

std::unexpected<Error> wrong_type(const Argument& argument, ValueType type) {
  return fail(ErrorCode::kBadRequest, describe(argument) + " is not " + with_article(type));
}

std::unexpected<Error> out_of_range(const Argument& argument, ValueType type) {
  return fail(ErrorCode::kBadRequest,
              describe(argument) + " is out of range for " + with_article(type));
}

// Two's complement of `bits`; unsigned spellings wrap.
std::optional<std::uint64_t> wrap(const IntegerText& number, unsigned bits) {
  const std::uint64_t mask = ~std::uint64_t{0} >> (64 - bits);
  const std::uint64_t most = number.negative ? mask / 2 + 1 : mask;
  if (number.magnitude > most) return std::nullopt;
  return (number.negative ? std::uint64_t{0} - number.magnitude : number.magnitude) & mask;
}

Result<Value> to_integer(const Argument& argument, ValueType type) {
  const bool is_i64 = type == ValueType::kI64;
  const bool usable = argument.kind == Kind::kNumber ? is_json_number(argument.text)
                                                     : argument.kind == Kind::kString && is_i64 &&
                                                           is_decimal_integer(argument.text);
  if (!usable) return wrong_type(argument, type);
  const IntegerText number = parse_integer(argument.text);
  if (number.status == NumberStatus::kFraction) return wrong_type(argument, type);
  if (number.status == NumberStatus::kOutOfRange) return out_of_range(argument, type);
  const auto bits = wrap(number, is_i64 ? 64 : 32);
  if (!bits) return out_of_range(argument, type);
  return Value{type, *bits};
}

// IEEE 754 binary32 and binary64 as bits.
template <class Float>
struct Layout {
  using Bits = std::conditional_t<sizeof(Float) == 4, std::uint32_t, std::uint64_t>;
  static constexpr int kMantissaBits = sizeof(Float) == 4 ? 23 : 52;
  static constexpr Bits kMantissa = (Bits{1} << kMantissaBits) - 1;
  static constexpr Bits kQuiet = Bits{1} << (kMantissaBits - 1);  // a canonical NaN's payload
  static constexpr Bits kSign = Bits{1} << (sizeof(Float) * 8 - 1);
  static constexpr Bits kInfinity = static_cast<Bits>(~(kMantissa | kSign));
};

std::optional<std::uint64_t> parse_hex(std::string_view text) {
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, 16);
  // from_chars takes a sign, a hexadecimal number has none.
  if (error != std::errc{} || stop != end || text.front() == '-') return std::nullopt;
  return value;
}

// "nan" or "nan:0x200000": the payload, which is never zero and fits into the mantissa.
template <class Float>
std::optional<typename Layout<Float>::Bits> parse_nan_payload(std::string_view text) {
  using Bits = typename Layout<Float>::Bits;
  if (text == "nan") return Layout<Float>::kQuiet;
  constexpr std::string_view kPrefix = "nan:0x";
  if (!text.starts_with(kPrefix)) return std::nullopt;
  const auto payload = parse_hex(text.substr(kPrefix.size()));
  if (!payload || *payload == 0 || *payload > Layout<Float>::kMantissa) return std::nullopt;
  return static_cast<Bits>(*payload);
}

// The texts that stand for what JSON numbers cannot say.
template <class Float>
std::optional<typename Layout<Float>::Bits> parse_special(std::string_view text) {
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
Result<Value> to_float(const Argument& argument, ValueType type) {
  if (argument.kind == Kind::kString) {
    const auto bits = parse_special<Float>(argument.text);
    if (!bits) return wrong_type(argument, type);
    return Value{type, *bits};
  }
  if (argument.kind != Kind::kNumber || !is_json_number(argument.text)) {
    return wrong_type(argument, type);
  }
  Float value{};
  if (!parse_float(argument.text, value)) return out_of_range(argument, type);
  return Value{type, std::bit_cast<typename Layout<Float>::Bits>(value)};
}

// 16 hexadecimal digits, first byte first, as a little-endian word.
std::optional<std::uint64_t> parse_lanes(std::string_view text) {
  const bool all_digits = text.find_first_not_of("0123456789abcdefABCDEF") == text.npos;
  const auto value = all_digits ? parse_hex(text) : std::nullopt;
  if (!value) return std::nullopt;
  return __builtin_bswap64(*value);
}

// A literal number counts when it has 32 digits: in a query parameter nothing tells a number from a
// string.
Result<Value> to_v128(const Argument& argument) {
  const std::string_view text = argument.text;
  if (argument.kind == Kind::kOther || text.size() != 32) {
    return wrong_type(argument, ValueType::kV128);
  }
  const auto low = parse_lanes(text.substr(0, 16));
  const auto high = parse_lanes(text.substr(16));
  if (!low || !high) return wrong_type(argument, ValueType::kV128);
  return Value{ValueType::kV128, *low, *high};
}

Result<Value> to_null(const Argument& argument, ValueType type) {
  if (argument.kind == Kind::kOther && argument.text == "null") return Value{type};
  return fail(ErrorCode::kBadRequest,
              describe(argument) + " is not " + with_article(type) + ": only null can be passed");
}

Error at_argument(std::size_t place, std::string_view name, Error error) {
  error.message =
      "argument " + std::to_string(place + 1) + " (" + quote(name) + "): " + error.message;
  return error;
}

using Positional = std::vector<Argument>;
using Named = std::vector<NamedArgument>;

std::unexpected<Error> wrong_count(std::size_t expected, std::size_t given) {
  return fail(ErrorCode::kBadRequest, "the function takes " + std::to_string(expected) +
                                          (expected == 1 ? " argument, " : " arguments, ") +
                                          std::to_string(given) + " given");
}

Result<std::vector<Value>> in_order(const Positional& arguments,
                                    std::span<const WasmParam> params) {
  if (arguments.size() != params.size()) return wrong_count(params.size(), arguments.size());
  std::vector<Value> values;
  values.reserve(params.size());
  for (std::size_t i = 0; i < params.size(); ++i) {
    auto value = to_value(arguments[i], params[i].param_type);
    if (!value) return std::unexpected{at_argument(i, params[i].name, std::move(value).error())};
    values.push_back(*value);
  }
  return values;
}

// Clients mostly name arguments in the order of the parameters, so `likely` is looked at first.
template <class Items>
const auto* find_named(const Items& items, std::string_view name, std::size_t likely) {
  if (likely < items.size() && items[likely].name == name) return &items[likely];
  const auto found =
      std::ranges::find_if(items, [&](const auto& item) { return item.name == name; });
  return found == items.end() ? nullptr : &*found;
}

// An argument that is no parameter's, or none.
const NamedArgument* find_unknown(const Named& arguments, std::span<const WasmParam> params) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (find_named(params, arguments[i].name, i) == nullptr) return &arguments[i];
  }
  return nullptr;
}

Result<std::vector<Value>> by_name(const Named& arguments, std::span<const WasmParam> params) {
  if (const NamedArgument* unknown = find_unknown(arguments, params)) {
    return fail(ErrorCode::kBadRequest, "the function has no parameter " + quote(unknown->name));
  }
  if (arguments.size() > params.size()) return wrong_count(params.size(), arguments.size());
  std::vector<Value> values;
  values.reserve(params.size());
  for (std::size_t i = 0; i < params.size(); ++i) {
    const NamedArgument* argument = find_named(arguments, params[i].name, i);
    if (argument == nullptr) {
      return fail(ErrorCode::kBadRequest, "argument " + quote(params[i].name) + " is missing");
    }
    auto value = to_value(argument->value, params[i].param_type);
    if (!value) return std::unexpected{at_argument(i, params[i].name, std::move(value).error())};
    values.push_back(*value);
  }
  return values;
}

void append_integer(std::string& out, std::int64_t value) {
  std::array<char, 20> text;  // "-9223372036854775808"
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  out.append(text.data(), end);
}

// Beyond 2^53 a JSON number may lose digits in the client's parser.
void append_i64(std::string& out, std::int64_t value) {
  constexpr std::int64_t kMost = std::int64_t{1} << 53;
  const bool quoted = value > kMost || value < -kMost;
  if (quoted) out += '"';
  append_integer(out, value);
  if (quoted) out += '"';
}

template <class Bits>
void append_hex(std::string& out, Bits bits) {
  std::array<char, 16> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), bits, 16).ptr;
  out.append(text.data(), end);
}

// What is neither finite nor infinite: "NaN" for the one that clients expect, the text format for
// the rest.
template <class Float>
void append_nan(std::string& out, typename Layout<Float>::Bits bits) {
  using L = Layout<Float>;
  if (bits == (L::kInfinity | L::kQuiet)) {
    out += "\"NaN\"";
    return;
  }
  out += (bits & L::kSign) != 0 ? "\"-nan:0x" : "\"nan:0x";
  append_hex(out, bits & L::kMantissa);
  out += '"';
}

template <class Float>
void append_float_bits(std::string& out, std::uint64_t low) {
  const auto bits = static_cast<typename Layout<Float>::Bits>(low);
  const auto value = std::bit_cast<Float>(bits);
  if (std::isnan(value)) return append_nan<Float>(out, bits);
  if (std::isinf(value)) {
    out += value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
    return;
  }
  append_float(out, value);
}

void append_lanes(std::string& out, std::uint64_t lanes) {
  constexpr char kHex[] = "0123456789abcdef";
  for (int byte = 0; byte < 8; ++byte, lanes >>= 8) {
    out += kHex[(lanes >> 4) & 15];
    out += kHex[lanes & 15];
  }
}

}  // namespace

Result<Value> to_value(const Argument& argument, ValueType type) {
  switch (type) {
    case ValueType::kI32:
    case ValueType::kI64:
      return to_integer(argument, type);
    case ValueType::kF32:
      return to_float<float>(argument, type);
    case ValueType::kF64:
      return to_float<double>(argument, type);
    case ValueType::kV128:
      return to_v128(argument);
    case ValueType::kFuncref:
    case ValueType::kExternref:
      return to_null(argument, type);
    case ValueType::kOther:
      break;
  }
  return fail(ErrorCode::kBadRequest, "a parameter of this reference type cannot be passed");
}

Result<std::vector<Value>> to_values(const Arguments& arguments,
                                     std::span<const WasmParam> params) {
  if (const auto* positional = std::get_if<Positional>(&arguments)) {
    return in_order(*positional, params);
  }
  return by_name(std::get<Named>(arguments), params);
}

void append_json(std::string& out, const Value& value) {
  switch (value.type) {
    case ValueType::kI32:
      return append_integer(out, static_cast<std::int32_t>(static_cast<std::uint32_t>(value.low)));
    case ValueType::kI64:
      return append_i64(out, static_cast<std::int64_t>(value.low));
    case ValueType::kF32:
      return append_float_bits<float>(out, value.low);
    case ValueType::kF64:
      return append_float_bits<double>(out, value.low);
    case ValueType::kV128:
      out += '"';
      append_lanes(out, value.low);
      append_lanes(out, value.high);
      out += '"';
      return;
    case ValueType::kFuncref:
    case ValueType::kExternref:
    case ValueType::kOther:
      out += value.low == 0 ? "null" : "\"ref\"";
  }
}

void append_json(std::string& out, std::span<const Value> values) {
  out += '[';
  for (const Value& value : values) {
    if (&value != values.data()) out += ',';
    append_json(out, value);
  }
  out += ']';
}

}  // namespace wasm_server

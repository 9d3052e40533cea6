#include "engine/values.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/float_bits.h"
#include "engine/number_text.h"
#include "engine/quote.h"

namespace wasm_server {
namespace {

using Kind = Argument::Kind;

std::string describe(const Argument& argument) {
  return argument.kind == Kind::kString ? quote(argument.text) : shorten(argument.text);
}

std::string with_article(ValueType type) {
  const bool vowel = type != ValueType::kV128 && type != ValueType::kFuncref;  // "an f32", "an i32"
  return (vowel ? "an " : "a ") + std::string(to_text(type));
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

bool is_integer_text(const Argument& argument, bool strings_too) {
  if (argument.kind == Kind::kNumber) return is_json_number(argument.text);
  return argument.kind == Kind::kString && strings_too && is_decimal_integer(argument.text);
}

Result<Value> to_integer(const Argument& argument, ValueType type) {
  const bool is_i64 = type == ValueType::kI64;
  if (!is_integer_text(argument, is_i64)) return wrong_type(argument, type);
  const IntegerText number = parse_integer(argument.text);
  if (number.status == NumberStatus::kFraction) return wrong_type(argument, type);
  if (number.status == NumberStatus::kOutOfRange) return out_of_range(argument, type);
  const auto bits = wrap(number, is_i64 ? 64 : 32);
  if (!bits) return out_of_range(argument, type);
  return Value{type, *bits};
}

template <class Float>
Result<Value> to_float(const Argument& argument, ValueType type) {
  if (argument.kind == Kind::kString) {
    const auto bits = special_float_bits<Float>(argument.text);
    if (!bits) return wrong_type(argument, type);
    return Value{type, *bits};
  }
  if (argument.kind != Kind::kNumber || !is_json_number(argument.text)) {
    return wrong_type(argument, type);
  }
  Float value{};
  if (!parse_float(argument.text, value)) return out_of_range(argument, type);
  return Value{type, float_bits(value)};
}

// 16 hexadecimal digits, first byte first, as a little-endian word.
std::optional<std::uint64_t> parse_lanes(std::string_view text) {
  const auto value = parse_hex(text);
  if (!value) return std::nullopt;
  return __builtin_bswap64(*value);
}

// A number of 32 digits will do: in a query parameter nothing tells it from a string.
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

void append_json(std::string& out, const Value& value) {
  switch (value.type) {
    case ValueType::kI32:
      return append_integer(out, static_cast<std::int32_t>(static_cast<std::uint32_t>(value.low)));
    case ValueType::kI64:
      return append_i64(out, static_cast<std::int64_t>(value.low));
    case ValueType::kF32:
      return append_float_bits<float>(out, static_cast<std::uint32_t>(value.low));
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

#include "engine/values/scalars.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "base/json_text.h"
#include "base/text.h"
#include "base/utf8.h"
#include "engine/values/float_bits.h"
#include "engine/values/number_text.h"

namespace wasm_server {
namespace {

using Kind = ValueType::Kind;

std::string with_article(const ValueType& type) {
  switch (type.kind()) {
    case ValueType::kV128:
    case ValueType::kFuncref:
    case ValueType::kOther:
    case ValueType::kBool:
    case ValueType::kU8:
    case ValueType::kU16:
    case ValueType::kU32:
    case ValueType::kU64:
    case ValueType::kChar:
    case ValueType::kString:
    case ValueType::kList:
    case ValueType::kTuple:
    case ValueType::kRecord:
    case ValueType::kVariant:
    case ValueType::kFlags:
    case ValueType::kResult:
    case ValueType::kBorrow:
    case ValueType::kStream:
    case ValueType::kFuture:
      return "a " + shorten(to_text(type));
    default:  // as they are spoken: "an i32", "an f64", "an s8"
      return "an " + shorten(to_text(type));
  }
}

std::unexpected<Error> out_of_range(JsonValue json, Kind kind) {
  return fail(ErrorCode::kBadRequest, shown(json) + " is out of range for " + with_article(kind));
}

struct IntegerForm {
  unsigned bits;
  bool negatives;  // from -2^(bits-1)
  bool unsigneds;  // up to 2^bits - 1
};

constexpr IntegerForm form_of(Kind kind) {
  switch (kind) {
    case ValueType::kI32:
      return {32, true, true};
    case ValueType::kI64:
      return {64, true, true};
    case ValueType::kS8:
      return {8, true, false};
    case ValueType::kU8:
      return {8, false, true};
    case ValueType::kS16:
      return {16, true, false};
    case ValueType::kU16:
      return {16, false, true};
    case ValueType::kS32:
      return {32, true, false};
    case ValueType::kU32:
      return {32, false, true};
    case ValueType::kS64:
      return {64, true, false};
    default:
      return {64, false, true};
  }
}

// Of core types only the width's bits mean anything; WIT's signed ones are extended.
std::optional<std::uint64_t> integer_bits(const IntegerText& number, Kind kind) {
  const IntegerForm form = form_of(kind);
  const std::uint64_t mask = ~std::uint64_t{0} >> (64 - form.bits);
  const std::uint64_t positive = form.unsigneds ? mask : mask / 2;
  const std::uint64_t negative = form.negatives ? mask / 2 + 1 : 0;
  if (number.magnitude > (number.negative ? negative : positive)) return std::nullopt;
  const auto bits = number.negative ? std::uint64_t{0} - number.magnitude : number.magnitude;
  return form.unsigneds ? bits & mask : bits;
}

bool is_integer_text(JsonValue json, bool strings_too) {
  if (json.kind() == JsonKind::kNumber) return is_json_number(json.text());
  return json.kind() == JsonKind::kString && strings_too && is_decimal_integer(json.text());
}

Result<Value> to_integer(JsonValue json, Kind kind) {
  if (!is_integer_text(json, form_of(kind).bits == 64)) return wrong_type(json, kind);
  const IntegerText number = parse_integer(json.text());
  if (number.status == NumberStatus::kFraction) return wrong_type(json, kind);
  if (number.status == NumberStatus::kOutOfRange) return out_of_range(json, kind);
  const auto bits = integer_bits(number, kind);
  if (!bits) return out_of_range(json, kind);
  return Value::bits(*bits);
}

template <class Float>
Result<Value> to_float(JsonValue json, Kind kind) {
  if (json.kind() == JsonKind::kString) {
    const auto bits = special_float_bits<Float>(json.text());
    if (!bits) return wrong_type(json, kind);
    return Value::bits(*bits);
  }
  if (json.kind() != JsonKind::kNumber || !is_json_number(json.text())) {
    return wrong_type(json, kind);
  }
  Float value{};
  if (!parse_float(json.text(), value)) return out_of_range(json, kind);
  return Value::bits(float_bits(value));
}

// 16 hexadecimal digits, first byte first, as a little-endian word.
std::optional<std::uint64_t> parse_lanes(std::string_view text) {
  const auto value = parse_hex(text);
  if (!value) return std::nullopt;
  return __builtin_bswap64(*value);
}

// A number of 32 digits will do: in a query parameter nothing tells it from a string.
Result<Value> to_v128(JsonValue json) {
  const std::string_view text = json.text();
  const bool is_text = json.kind() == JsonKind::kString || json.kind() == JsonKind::kNumber;
  if (!is_text || text.size() != 32) return wrong_type(json, ValueType::kV128);
  const auto low = parse_lanes(text.substr(0, 16));
  const auto high = parse_lanes(text.substr(16));
  if (!low || !high) return wrong_type(json, ValueType::kV128);
  return Value::bits(*low, *high);
}

Result<Value> to_null(JsonValue json, Kind kind) {
  if (json.kind() == JsonKind::kNull) return Value{};
  return fail(ErrorCode::kBadRequest,
              shown(json) + " is not " + with_article(kind) + ": only null can be passed");
}

Result<Value> to_bool(JsonValue json) {
  if (json.kind() != JsonKind::kBool) return wrong_type(json, ValueType::kBool);
  return Value::bits(json.boolean() ? 1 : 0);
}

Result<Value> to_char(JsonValue json) {
  const auto code_point =
      json.kind() == JsonKind::kString ? only_code_point(json.text()) : std::nullopt;
  if (!code_point) return wrong_type(json, ValueType::kChar);
  return Value::bits(*code_point);
}

Result<Value> to_string(JsonValue json) {
  if (json.kind() != JsonKind::kString || !is_utf8(json.text())) {
    return wrong_type(json, ValueType::kString);
  }
  return Value{std::string(json.text())};
}

template <class Integer>
void append_integer(std::string& out, Integer value) {
  std::array<char, 20> text;  // "-9223372036854775808", "18446744073709551615"
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  out.append(text.data(), end);
}

// Beyond 2^53 a JSON number may lose digits in the client's parser.
template <class Integer>
void append_64(std::string& out, Integer value) {
  constexpr std::int64_t kMax = std::int64_t{1} << 53;
  const bool quoted = std::cmp_greater(value, kMax) || std::cmp_less(value, -kMax);
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

void append_v128(std::string& out, const Value& value) {
  out += '"';
  append_lanes(out, value.low());
  append_lanes(out, value.high());
  out += '"';
}

}  // namespace

std::string shown(JsonValue json) {
  switch (json.kind()) {
    case JsonKind::kNumber:
      return shorten(json.text());
    case JsonKind::kString:
      return quote(shorten(json.text()));
    case JsonKind::kBool:
      return json.boolean() ? "true" : "false";
    case JsonKind::kNull:
    case JsonKind::kArray:
    case JsonKind::kObject:
      break;
  }
  return std::string(with_article(json.kind()));
}

std::unexpected<Error> wrong_type(JsonValue json, const ValueType& type) {
  return fail(ErrorCode::kBadRequest, shown(json) + " is not " + with_article(type));
}

Result<Value> to_scalar(JsonValue json, Kind kind) {
  switch (kind) {
    case ValueType::kF32:
      return to_float<float>(json, kind);
    case ValueType::kF64:
      return to_float<double>(json, kind);
    case ValueType::kV128:
      return to_v128(json);
    case ValueType::kFuncref:
    case ValueType::kExternref:
      return to_null(json, kind);
    case ValueType::kOther:
      return fail(ErrorCode::kBadRequest, "a parameter of this reference type cannot be passed");
    case ValueType::kBool:
      return to_bool(json);
    case ValueType::kChar:
      return to_char(json);
    case ValueType::kString:
      return to_string(json);
    default:
      return to_integer(json, kind);
  }
}

void append_scalar(std::string& out, const Value& value, Kind kind) {
  switch (kind) {
    case ValueType::kI32:
      return append_integer(out,
                            static_cast<std::int32_t>(static_cast<std::uint32_t>(value.low())));
    case ValueType::kI64:
    case ValueType::kS64:
      return append_64(out, static_cast<std::int64_t>(value.low()));
    case ValueType::kU64:
      return append_64(out, value.low());
    case ValueType::kF32:
      return append_float_bits<float>(out, static_cast<std::uint32_t>(value.low()));
    case ValueType::kF64:
      return append_float_bits<double>(out, value.low());
    case ValueType::kV128:
      return append_v128(out, value);
    case ValueType::kFuncref:
    case ValueType::kExternref:
    case ValueType::kOther:
      out += value.low() == 0 ? "null" : "\"ref\"";
      return;
    case ValueType::kBool:
      out += value.low() != 0 ? "true" : "false";
      return;
    case ValueType::kChar: {
      std::string text;
      append_utf8(text, static_cast<char32_t>(value.low()));
      return append_json_string(out, text);
    }
    case ValueType::kString:
      return append_json_string(out, std::get<std::string>(value.content));
    default:  // up to 32 bits, extended
      return append_integer(out, static_cast<std::int64_t>(value.low()));
  }
}

}  // namespace wasm_server

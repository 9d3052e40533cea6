// One argument (first byte: its kind and type) against the C library's own conversions, and
// through a result back to the same bits.

#include "engine/values.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "check.h"
#include "engine/float_bits.h"
#include "engine/number_text.h"

namespace wasm_server {
namespace {

// What a client would send back for a result.
Argument as_argument(std::string_view json) {
  if (json == "null") return {Argument::Kind::kOther, "null"};
  if (!json.starts_with('"')) {
    FUZZ_CHECK(is_json_number(json));
    return {Argument::Kind::kNumber, std::string(json)};
  }
  return {Argument::Kind::kString, std::string(json.substr(1, json.size() - 2))};
}

// A 64-bit mantissa holds every integer that is accepted, so that the library's rounding shows any
// difference.
void check_integer(const std::string& text, const Value& value) {
  const long double expected = std::strtold(text.c_str(), nullptr);
  const auto low = value.type == ValueType::kI32
                       ? static_cast<long double>(static_cast<std::int32_t>(value.low))
                       : static_cast<long double>(static_cast<std::int64_t>(value.low));
  const long double unsigned_low = static_cast<long double>(value.low);
  FUZZ_CHECK(low == expected || unsigned_low == expected);
}

void check_number(const std::string& text, const Result<Value>& value, ValueType type) {
  if (type == ValueType::kF32) {
    const float expected = std::strtof(text.c_str(), nullptr);
    FUZZ_CHECK(value.has_value() == std::isfinite(expected));
    if (value) FUZZ_CHECK(value->low == float_bits(expected));
  } else if (type == ValueType::kF64) {
    const double expected = std::strtod(text.c_str(), nullptr);
    FUZZ_CHECK(value.has_value() == std::isfinite(expected));
    if (value) FUZZ_CHECK(value->low == float_bits(expected));
  } else if (value && (type == ValueType::kI32 || type == ValueType::kI64)) {
    check_integer(text, *value);
  }
}

void run(std::uint8_t choice, std::string_view bytes) {
  const auto type = static_cast<ValueType>(choice % 8);
  const auto kind = static_cast<Argument::Kind>(choice / 8 % 3);
  const Argument argument{kind, std::string(bytes)};
  const auto value = to_value(argument, type);
  if (kind == Argument::Kind::kNumber && is_json_number(bytes)) {
    check_number(argument.text, value, type);
  }
  if (!value) {
    FUZZ_CHECK(value.error().code == ErrorCode::kBadRequest && value.error().message.size() < 200);
    return;
  }
  std::string json;
  append_json(json, *value);
  const auto again = to_value(as_argument(json), type);
  FUZZ_CHECK(again && again->low == value->low && again->high == value->high);
}

}  // namespace
}  // namespace wasm_server

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 0) wasm_server::run(data[0], {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}

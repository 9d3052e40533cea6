// One argument (first byte: its kind and type) against the C library's own conversions, and
// through a result back to the same value. From 24 kinds and types on: the text of a type, a line
// feed, and JSON for it.

#include "engine/values/values.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "check.h"
#include "engine/values/float_bits.h"
#include "engine/values/number_text.h"

namespace wasm_server {
namespace {

// A result as a client would send it back.
Result<Value> read_back(std::string_view json, const ValueType& type) {
  const auto document = parse_json(json);
  FUZZ_CHECK(document);
  return to_value(document->root(), type);
}

// A 64-bit mantissa holds every integer that is accepted, so that the library's rounding shows any
// difference.
void check_integer(const std::string& text, const Value& value, const ValueType& type) {
  const long double expected = std::strtold(text.c_str(), nullptr);
  const auto low = type == ValueType::kI32
                       ? static_cast<long double>(static_cast<std::int32_t>(value.low()))
                       : static_cast<long double>(static_cast<std::int64_t>(value.low()));
  const long double unsigned_low = static_cast<long double>(value.low());
  FUZZ_CHECK(low == expected || unsigned_low == expected);
}

void check_number(const std::string& text, const Result<Value>& value, const ValueType& type) {
  if (type == ValueType::kF32) {
    const float expected = std::strtof(text.c_str(), nullptr);
    FUZZ_CHECK(value.has_value() == std::isfinite(expected));
    if (value) FUZZ_CHECK(value->low() == float_bits(expected));
  } else if (type == ValueType::kF64) {
    const double expected = std::strtod(text.c_str(), nullptr);
    FUZZ_CHECK(value.has_value() == std::isfinite(expected));
    if (value) FUZZ_CHECK(value->low() == float_bits(expected));
  } else if (value && (type == ValueType::kI32 || type == ValueType::kI64)) {
    check_integer(text, *value, type);
  }
}

void check_value(const Result<Value>& value, const ValueType& type) {
  if (!value) {
    FUZZ_CHECK(value.error().code == ErrorCode::kBadRequest);
    return;
  }
  std::string json;
  append_json(json, *value, type);
  const auto again = read_back(json, type);
  FUZZ_CHECK(again && *again == *value);
}

constexpr std::uint8_t kTypes = 8;
constexpr std::uint8_t kKinds = 3;

void run_core(std::uint8_t choice, std::string_view bytes) {
  constexpr JsonKind kOf[kKinds] = {JsonKind::kNumber, JsonKind::kString, JsonKind::kNull};
  const ValueType type = static_cast<ValueType::Kind>(choice % kTypes);
  const JsonKind kind = kOf[choice / kTypes % kKinds];
  const auto arguments = JsonDocument::array({{kind, std::string(bytes)}});
  const auto value = to_value(*arguments.root().begin(), type);
  if (kind == JsonKind::kNumber && is_json_number(bytes)) {
    check_number(std::string(bytes), value, type);
  }
  if (!value) FUZZ_CHECK(value.error().message.size() < 200);
  check_value(value, type);
}

void run_wit(std::string_view text) {
  const auto cut = text.find('\n');
  const auto type = value_type_from_text(text.substr(0, cut));
  if (!type) return;
  FUZZ_CHECK(value_type_from_text(to_text(*type)) == type);
  if (cut == text.npos) return;
  const auto document = parse_json(text.substr(cut + 1));
  if (document) check_value(to_value(document->root(), *type), *type);
}

void run(std::uint8_t choice, std::string_view bytes) {
  if (choice < kTypes * kKinds) {
    run_core(choice, bytes);
  } else {
    run_wit(bytes);
  }
}

}  // namespace
}  // namespace wasm_server

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 0) wasm_server::run(data[0], {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}

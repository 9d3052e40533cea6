#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>

#include "base/json.h"
#include "base/json_text.h"
#include "base/text.h"
#include "cli/text/arguments.h"
#include "model/value_type.h"

namespace wasm_server::cli {
namespace {

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::unexpected<Failure> not_a(std::string_view type, std::string_view word,
                               const std::string& takes) {
  return failure(kWrongRun, quote(shorten(word)) + " is no " + std::string(type) + takes);
}

struct IntegerRange {
  std::int64_t least;
  std::uint64_t most;
};

// Core integers have no sign of their own, so both spellings are taken.
std::optional<IntegerRange> range_of(ValueType::Kind kind) {
  using Signed = std::numeric_limits<std::int64_t>;
  using Unsigned = std::numeric_limits<std::uint64_t>;
  constexpr auto kMin32 = std::numeric_limits<std::int32_t>::min();
  constexpr auto kMax32 = std::numeric_limits<std::int32_t>::max();
  switch (kind) {
    case ValueType::kI32:
      return IntegerRange{kMin32, std::numeric_limits<std::uint32_t>::max()};
    case ValueType::kI64:
      return IntegerRange{Signed::min(), Unsigned::max()};
    case ValueType::kS8:
      return IntegerRange{-128, 127};
    case ValueType::kU8:
      return IntegerRange{0, 255};
    case ValueType::kS16:
      return IntegerRange{-32768, 32767};
    case ValueType::kU16:
      return IntegerRange{0, 65535};
    case ValueType::kS32:
      return IntegerRange{kMin32, static_cast<std::uint64_t>(kMax32)};
    case ValueType::kU32:
      return IntegerRange{0, std::numeric_limits<std::uint32_t>::max()};
    case ValueType::kS64:
      return IntegerRange{Signed::min(), static_cast<std::uint64_t>(Signed::max())};
    case ValueType::kU64:
      return IntegerRange{0, Unsigned::max()};
    default:
      return std::nullopt;
  }
}

// Decimal digits with their sign; empty for what is no integer of that range.
std::optional<std::string> integer_text(std::string_view word, const IntegerRange& range) {
  const bool negative = word.starts_with('-');
  if (negative || word.starts_with('+')) word.remove_prefix(1);
  const bool hex = word.starts_with("0x") || word.starts_with("0X");
  if (hex) word.remove_prefix(2);
  std::uint64_t size = 0;
  const char* const end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data(), end, size, hex ? 16 : 10);
  if (word.empty() || error != std::errc{} || stop != end) return std::nullopt;
  const std::uint64_t limit = negative ? 0 - static_cast<std::uint64_t>(range.least) : range.most;
  if (size > limit) return std::nullopt;
  return (negative && size != 0 ? "-" : "") + std::to_string(size);
}

Outcome<std::string> integer_json(ValueType::Kind kind, const IntegerRange& range,
                                  std::string_view type, std::string_view word) {
  const auto text = integer_text(word, range);
  if (!text) {
    return not_a(type, word,
                 "; it takes an integer from " + std::to_string(range.least) + " to " +
                     std::to_string(range.most));
  }
  const bool is_long =
      kind == ValueType::kI64 || kind == ValueType::kS64 || kind == ValueType::kU64;
  return is_long ? quote(*text) : *text;
}

bool is_json_of(std::string_view word, std::optional<JsonKind> kind) {
  const auto document = parse_json(word);
  return document && (!kind || document->root().kind() == *kind);
}

// "NaN", "Infinity" and other spellings that are no JSON numbers are the server's to judge.
Outcome<std::string> float_json(std::string_view type, std::string_view word) {
  std::string trimmed(word.starts_with('+') ? word.substr(1) : word);
  if (is_json_of(trimmed, JsonKind::kNumber)) return trimmed;
  double value = 0;
  const char* const end = trimmed.data() + trimmed.size();
  const auto [stop, error] = std::from_chars(trimmed.data(), end, value);
  if (trimmed.starts_with("-nan") || trimmed.starts_with("nan:")) return json_string(trimmed);
  if (trimmed.empty() || error != std::errc{} || stop != end) {
    return not_a(type, word, "; it takes a number, NaN, Infinity or -Infinity");
  }
  if (value != value) return json_string("NaN");
  if (value == std::numeric_limits<double>::infinity()) return json_string("Infinity");
  if (value == -std::numeric_limits<double>::infinity()) return json_string("-Infinity");
  std::string shortest(std::numeric_limits<double>::max_digits10 + 16, '\0');
  const auto written = std::to_chars(shortest.data(), shortest.data() + shortest.size(), value);
  shortest.resize(static_cast<std::size_t>(written.ptr - shortest.data()));
  return shortest;
}

}  // namespace

Outcome<std::string> value_json(std::string_view type, std::string_view word) {
  const auto parsed = value_type_from_text(type);
  const auto kind = parsed ? parsed->kind() : ValueType::kOther;
  if (const auto range = range_of(kind)) return integer_json(kind, *range, type, word);
  switch (kind) {
    case ValueType::kF32:
    case ValueType::kF64:
      return float_json(type, word);
    case ValueType::kV128:
    case ValueType::kString:
    case ValueType::kChar:
    case ValueType::kEnum:
      return json_string(word);
    case ValueType::kBool:
      if (word == "true" || word == "false") return std::string(word);
      return not_a(type, word, "; it is true or false");
    case ValueType::kOption: {
      if (word == "null") return std::string(word);
      const auto& inner = parsed->parts().front().type;
      if (inner && inner->kind() != ValueType::kOption) return value_json(to_text(*inner), word);
      break;
    }
    default:
      break;
  }
  if (is_json_of(word, std::nullopt)) return std::string(word);
  return not_a(type, word, "; it takes JSON, like [1, 2] or {\"name\": 1}");
}

}  // namespace wasm_server::cli

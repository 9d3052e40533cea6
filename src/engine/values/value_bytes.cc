#include "engine/values/value_bytes.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

namespace wasm_server {
namespace {

// Of a number, a truth value, a character or flags; 0 for other kinds.
std::size_t size_of(ValueType::Kind kind) {
  switch (kind) {
    case ValueType::kBool:
    case ValueType::kS8:
    case ValueType::kU8:
      return 1;
    case ValueType::kS16:
    case ValueType::kU16:
      return 2;
    case ValueType::kS32:
    case ValueType::kU32:
    case ValueType::kF32:
    case ValueType::kChar:
    case ValueType::kFlags:
      return 4;
    case ValueType::kS64:
    case ValueType::kU64:
    case ValueType::kF64:
      return 8;
    default:
      return 0;
  }
}

bool is_signed(ValueType::Kind kind) {
  return kind == ValueType::kS8 || kind == ValueType::kS16 || kind == ValueType::kS32;
}

bool is_bytes(const ValueType& type) {
  return type.kind() == ValueType::kList && type.parts()[0].type == ValueType(ValueType::kU8);
}

// --- to bytes ---

void append_number(Bytes& out, std::uint64_t bits, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) out += static_cast<char>(bits >> (8 * i) & 0xFF);
}

void append_size(Bytes& out, std::size_t size) { append_number(out, size, 4); }

void append_text(Bytes& out, const std::string& text) {
  append_size(out, text.size());
  out += text;
}

void append_case(Bytes& out, const ValueCase& value, const ValueType& type) {
  append_size(out, value.index);
  if (value.payload.empty()) return;
  const bool is_option = type.kind() == ValueType::kOption;
  append_value_bytes(out, value.payload[0], *type.parts()[is_option ? 0 : value.index].type);
}

// --- from bytes ---

class Reader {
 public:
  explicit Reader(ByteView bytes) : rest_(bytes) {}

  bool failed() const { return failed_; }
  bool at_end() const { return rest_.empty(); }

  Value read(const ValueType& type) {
    const auto kind = type.kind();
    if (const std::size_t size = size_of(kind); size != 0) {
      return Value::bits(extended(number(size), size, kind));
    }
    switch (kind) {
      case ValueType::kString:
        return {text()};
      case ValueType::kList:
        if (is_bytes(type)) return {text()};
        return {list(*type.parts()[0].type)};
      case ValueType::kTuple:
      case ValueType::kRecord:
        return {parts(type)};
      case ValueType::kEnum:
        return Value::bits(place(type.parts().size()));
      case ValueType::kVariant:
      case ValueType::kResult:
        return {one_of(type, type.parts().size())};
      case ValueType::kOption:
        return {one_of(type, 2)};
      default:
        failed_ = true;
        return {};
    }
  }

 private:
  ByteView take(std::size_t size) {
    if (size > rest_.size()) {
      failed_ = true;
      return {};
    }
    const ByteView taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::uint64_t number(std::size_t size) {
    std::uint64_t bits = 0;
    std::size_t place = 0;
    for (const char byte : take(size)) {
      bits |= std::uint64_t{static_cast<unsigned char>(byte)} << (8 * place++);
    }
    return bits;
  }

  static std::uint64_t extended(std::uint64_t bits, std::size_t size, ValueType::Kind kind) {
    const unsigned shift = 64 - 8 * static_cast<unsigned>(size);
    if (!is_signed(kind)) return bits;
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(bits << shift) >> shift);
  }

  std::string text() {
    const auto size = static_cast<std::size_t>(number(4));
    return std::string(take(size));
  }

  // Every element has a byte, so that no more are made than there are bytes.
  std::vector<Value> list(const ValueType& element) {
    const std::uint64_t count = number(4);
    std::vector<Value> values;
    if (count > rest_.size()) failed_ = true;
    if (!failed_) values.reserve(static_cast<std::size_t>(count));
    for (std::uint64_t i = 0; i < count && !failed_; ++i) values.push_back(read(element));
    return values;
  }

  std::vector<Value> parts(const ValueType& type) {
    std::vector<Value> values;
    for (const auto& part : type.parts()) values.push_back(read(*part.type));
    return values;
  }

  std::uint32_t place(std::size_t count) {
    const std::uint64_t index = number(4);
    if (index >= count) failed_ = true;
    return failed_ ? 0 : static_cast<std::uint32_t>(index);
  }

  ValueCase one_of(const ValueType& type, std::size_t count) {
    ValueCase value{.index = place(count), .payload = {}};
    if (failed_) return value;
    const bool is_option = type.kind() == ValueType::kOption;
    if (is_option && value.index == 0) return value;
    const auto& payload = type.parts()[is_option ? 0 : value.index].type;
    if (payload) value.payload.push_back(read(*payload));
    return value;
  }

  ByteView rest_;
  bool failed_ = false;
};

}  // namespace

void append_value_bytes(Bytes& out, const Value& value, const ValueType& type) {
  const auto kind = type.kind();
  if (const std::size_t size = size_of(kind); size != 0) {
    append_number(out, value.low(), size);
    return;
  }
  switch (kind) {
    case ValueType::kString:
      append_text(out, std::get<std::string>(value.content));
      return;
    case ValueType::kList: {
      if (is_bytes(type)) {
        append_text(out, std::get<std::string>(value.content));
        return;
      }
      const auto& elements = std::get<std::vector<Value>>(value.content);
      append_size(out, elements.size());
      for (const Value& element : elements) {
        append_value_bytes(out, element, *type.parts()[0].type);
      }
      return;
    }
    case ValueType::kTuple:
    case ValueType::kRecord: {
      const auto& values = std::get<std::vector<Value>>(value.content);
      for (std::size_t i = 0; i < values.size(); ++i) {
        append_value_bytes(out, values[i], *type.parts()[i].type);
      }
      return;
    }
    case ValueType::kEnum:
      append_number(out, value.low(), 4);
      return;
    case ValueType::kVariant:
    case ValueType::kOption:
    case ValueType::kResult:
      append_case(out, std::get<ValueCase>(value.content), type);
      return;
    default:
      return;  // no such value is made
  }
}

std::optional<std::vector<Value>> values_from_bytes(ByteView bytes,
                                                    std::span<const ValueType> types) {
  Reader reader(bytes);
  std::vector<Value> values;
  for (const ValueType& type : types) values.push_back(reader.read(type));
  if (reader.failed() || !reader.at_end()) return std::nullopt;
  return values;
}

}  // namespace wasm_server

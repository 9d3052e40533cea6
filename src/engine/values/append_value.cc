// Values to JSON (the rest of engine/values/values.h is in arguments.cc and to_value.cc).

#include <algorithm>

#include "base/json_text.h"
#include "base/text.h"
#include "engine/values/scalars.h"
#include "engine/values/values.h"

namespace wasm_server {
namespace {

// Appends `open`, each item and `close`, with commas between.
template <class Items, class Append>
void append_all(std::string& out, char open, char close, const Items& items, Append append) {
  out += open;
  std::size_t index = 0;
  for (const auto& item : items) {
    if (index > 0) out += ',';
    append(index++, item);
  }
  out += close;
}

void append_name(std::string& out, std::string_view name) {
  append_json_string(out, name);
  out += ':';
}

const std::vector<Value>& items_of(const Value& value) {
  return std::get<std::vector<Value>>(value.content);
}

void append_list(std::string& out, const Value& value, const ValueType& type) {
  const ValueType& item_type = *type.parts()[0].type;
  if (item_type == ValueType::kU8) {
    append_all(out, '[', ']', std::get<std::string>(value.content), [&](std::size_t, char byte) {
      append_number(out, static_cast<unsigned char>(byte));
    });
    return;
  }
  append_all(out, '[', ']', items_of(value),
             [&](std::size_t, const Value& item) { append_json(out, item, item_type); });
}

void append_tuple(std::string& out, const Value& value, const ValueType& type) {
  append_all(out, '[', ']', items_of(value), [&](std::size_t index, const Value& item) {
    append_json(out, item, *type.parts()[index].type);
  });
}

void append_record(std::string& out, const Value& value, const ValueType& type) {
  append_all(out, '{', '}', items_of(value), [&](std::size_t index, const Value& field) {
    const auto& part = type.parts()[index];
    append_name(out, part.name);
    append_json(out, field, *part.type);
  });
}

// Without a payload: null.
void append_payload(std::string& out, const Value::Case& value,
                    const std::optional<ValueType>& type) {
  if (!type || value.payload.empty()) {
    out += "null";
  } else {
    append_json(out, value.payload.front(), *type);
  }
}

// Of a variant or result: {"case": payload}
void append_case(std::string& out, const Value& value, const ValueType& type) {
  const auto& taken = std::get<Value::Case>(value.content);
  const auto& part = type.parts()[taken.index];
  out += '{';
  append_name(out, part.name);
  append_payload(out, taken, part.type);
  out += '}';
}

void append_option(std::string& out, const Value& value, const ValueType& type) {
  const auto& taken = std::get<Value::Case>(value.content);
  const auto& payload = type.parts()[0].type;
  const bool wrapped = payload->kind() == ValueType::kOption && !taken.payload.empty();
  if (wrapped) out += "{\"some\":";
  append_payload(out, taken, payload);
  if (wrapped) out += '}';
}

void append_flags(std::string& out, const Value& value, const ValueType& type) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < type.parts().size(); ++i) {
    if ((value.low() >> i & 1) != 0) names.push_back(type.parts()[i].name);
  }
  append_all(out, '[', ']', names,
             [&](std::size_t, std::string_view name) { append_json_string(out, name); });
}

}  // namespace

void append_json(std::string& out, const Value& value, const ValueType& type) {
  switch (type.kind()) {
    case ValueType::kList:
      return append_list(out, value, type);
    case ValueType::kTuple:
      return append_tuple(out, value, type);
    case ValueType::kRecord:
      return append_record(out, value, type);
    case ValueType::kVariant:
    case ValueType::kResult:
      return append_case(out, value, type);
    case ValueType::kEnum:
      return append_json_string(out, type.parts()[value.low()].name);
    case ValueType::kFlags:
      return append_flags(out, value, type);
    case ValueType::kOption:
      return append_option(out, value, type);
    default:
      return append_scalar(out, value, type.kind());
  }
}

void append_json(std::string& out, std::span<const Value> values,
                 std::span<const ValueType> types) {
  append_all(out, '[', ']', values,
             [&](std::size_t index, const Value& value) { append_json(out, value, types[index]); });
}

}  // namespace wasm_server

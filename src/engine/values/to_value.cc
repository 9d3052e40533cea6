// JSON to values of types with parts (the rest of engine/values/values.h is in arguments.cc and
// append_value.cc).

#include "engine/values/to_value.h"

#include <algorithm>
#include <utility>

#include "base/base64.h"
#include "base/text.h"
#include "engine/values/scalars.h"

namespace wasm_server {
namespace {

std::unexpected<Error> bad(std::string message) {
  return fail(ErrorCode::kBadRequest, std::move(message));
}

std::string shown_name(std::string_view name) { return quote(shorten(name)); }

// Says where in a composite value an error is.
template <class T>
Result<T> at(std::string_view place, Result<T> result) {
  if (!result) result.error().message.insert(0, std::string(place) + ": ");
  return result;
}

std::string item_place(std::size_t index) { return '[' + std::to_string(index) + ']'; }

// The only member of `{"name": value}`.
std::optional<JsonValue> only_member(JsonValue json) {
  if (json.kind() != JsonKind::kObject || json.size() != 1) return std::nullopt;
  return *json.begin();
}

bool is_bytes(const ValueType& list) { return list.parts()[0].type == ValueType::kU8; }

}  // namespace

Result<Value> ValueReader::read(JsonValue json, const ValueType& type) {
  switch (type.kind()) {
    case ValueType::kList:
      return is_bytes(type) ? read_bytes(json, type) : read_list(json, type);
    case ValueType::kTuple:
      return read_tuple(json, type);
    case ValueType::kRecord:
      return read_record(json, type);
    case ValueType::kVariant:
      return read_variant(json, type);
    case ValueType::kEnum:
      return read_enum(json, type);
    case ValueType::kFlags:
      return read_flags(json, type);
    case ValueType::kOption:
      return read_option(json, type);
    case ValueType::kResult:
      return read_result(json, type);
    case ValueType::kOwn:
    case ValueType::kBorrow:
    case ValueType::kStream:
    case ValueType::kFuture:
    case ValueType::kErrorContext:
      return bad("nothing can be passed for " + quote(to_text(type)) +
                 ": it lives in an instance, and each call has its own");
    default:
      return to_scalar(json, type.kind());
  }
}

Result<Value> ValueReader::read_list(JsonValue json, const ValueType& type) {
  if (json.kind() != JsonKind::kArray) return wrong_type(json, type);
  std::vector<Value> items;
  items.reserve(json.size());
  for (const JsonValue item : json) {
    auto value = read(item, *type.parts()[0].type);
    if (!value) return at(item_place(items.size()), std::move(value));
    items.push_back(*std::move(value));
  }
  return Value{std::move(items)};
}

// An array of numbers, or base64.
Result<Value> ValueReader::read_bytes(JsonValue json, const ValueType& type) {
  if (json.kind() == JsonKind::kString) {
    auto bytes = decode_base64(json.text());
    if (!bytes) return bad(shown(json) + " is not base64");
    return Value{std::string(*std::move(bytes))};
  }
  if (json.kind() != JsonKind::kArray) return wrong_type(json, type);
  std::string bytes;
  bytes.reserve(json.size());
  for (const JsonValue item : json) {
    auto value = to_scalar(item, ValueType::kU8);
    if (!value) return at(item_place(bytes.size()), std::move(value));
    bytes += static_cast<char>(value->low());
  }
  return Value{std::move(bytes)};
}

Result<Value> ValueReader::read_tuple(JsonValue json, const ValueType& type) {
  if (json.kind() != JsonKind::kArray) return wrong_type(json, type);
  const auto parts = type.parts();
  if (json.size() != parts.size()) {
    return bad("a tuple of " + std::to_string(parts.size()) + " has " +
               std::to_string(json.size()) + " items");
  }
  std::vector<Value> items;
  items.reserve(parts.size());
  for (const JsonValue item : json) {
    const auto place = items.size();
    auto value = read(item, *parts[place].type);
    if (!value) return at(item_place(place), std::move(value));
    items.push_back(*std::move(value));
  }
  return Value{std::move(items)};
}

// Fields in any order; those that are options may be left out.
Result<Value> ValueReader::read_record(JsonValue json, const ValueType& type) {
  if (json.kind() != JsonKind::kObject) return wrong_type(json, type);
  const auto parts = type.parts();
  if (parts.size() > values_left_) return bad("the arguments have too many values");
  values_left_ -= parts.size();
  std::vector<Value> fields(parts.size());
  std::vector<bool> given(parts.size());
  for (const JsonValue member : json) {
    const auto place = type.find(member.name());
    if (!place) return bad("the record has no field " + shown_name(member.name()));
    auto value = read(member, *parts[*place].type);
    if (!value) return at("." + parts[*place].name, std::move(value));
    fields[*place] = *std::move(value);
    given[*place] = true;
  }
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (given[i]) continue;
    if (parts[i].type->kind() != ValueType::kOption) {
      return bad("the field " + shown_name(parts[i].name) + " is missing");
    }
    fields[i] = Value{Value::Case{}};
  }
  return Value{std::move(fields)};
}

Result<Value> ValueReader::read_case(JsonValue json, std::string_view name, std::size_t index,
                                     const std::optional<ValueType>& type) {
  Value::Case value{static_cast<std::uint32_t>(index), {}};
  if (type) {
    auto payload = read(json, *type);
    if (!payload) return at("." + std::string(name), std::move(payload));
    value.payload.push_back(*std::move(payload));
  } else if (json.kind() != JsonKind::kNull) {
    return bad(shown_name(name) + " has no payload: only null can be passed");
  }
  return Value{std::move(value)};
}

// {"case": payload}; without a payload {"case": null} or "case".
Result<Value> ValueReader::read_variant(JsonValue json, const ValueType& type) {
  if (json.kind() == JsonKind::kString) {
    const auto index = type.find(json.text());
    if (!index) return bad("the variant has no case " + shown_name(json.text()));
    if (type.parts()[*index].type) return bad(shown_name(json.text()) + " needs a payload");
    return Value{Value::Case{static_cast<std::uint32_t>(*index), {}}};
  }
  const auto member = only_member(json);
  if (!member) return wrong_type(json, type);
  const auto index = type.find(member->name());
  if (!index) return bad("the variant has no case " + shown_name(member->name()));
  return read_case(*member, member->name(), *index, type.parts()[*index].type);
}

Result<Value> ValueReader::read_enum(JsonValue json, const ValueType& type) {
  if (json.kind() != JsonKind::kString) return wrong_type(json, type);
  const auto index = type.find(json.text());
  if (!index) return bad("the enum has no case " + shown_name(json.text()));
  return Value::bits(*index);
}

Result<Value> ValueReader::read_flags(JsonValue json, const ValueType& type) {
  if (json.kind() != JsonKind::kArray) return wrong_type(json, type);
  std::uint64_t bits = 0;
  for (const JsonValue item : json) {
    if (item.kind() != JsonKind::kString) return wrong_type(item, ValueType::kString);
    const auto index = type.find(item.text());
    if (!index) return bad("the flags have no " + shown_name(item.text()));
    bits |= std::uint64_t{1} << *index;
  }
  return Value::bits(bits);
}

// null or the payload; around an option as payload, which is null as well, {"some": payload}.
Result<Value> ValueReader::read_option(JsonValue json, const ValueType& type) {
  if (json.kind() == JsonKind::kNull) return Value{Value::Case{}};
  const auto& payload = type.parts()[0].type;
  if (payload->kind() != ValueType::kOption) return read_case(json, "some", 1, payload);
  const auto member = only_member(json);
  if (!member || member->name() != "some") return wrong_type(json, type);
  return read_case(*member, "some", 1, payload);
}

// {"ok": payload} or {"err": payload}
Result<Value> ValueReader::read_result(JsonValue json, const ValueType& type) {
  const auto member = only_member(json);
  if (!member) return wrong_type(json, type);
  const bool is_err = member->name() == "err";
  if (!is_err && member->name() != "ok") return wrong_type(json, type);
  return read_case(*member, member->name(), is_err ? 1 : 0, type.parts()[is_err ? 1 : 0].type);
}

Result<Value> to_value(JsonValue json, const ValueType& type) {
  return ValueReader().read(json, type);
}

}  // namespace wasm_server

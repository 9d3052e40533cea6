#include "handlers/wasm_request_json.h"

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/base64.h"
#include "base/utf8.h"
#include "handlers/json_document.h"

namespace wasm_server {
namespace {

// As much of a path as an error tells the client again.
std::string shown(std::string_view path) {
  constexpr std::size_t kShown = 200;
  return std::string(utf8_prefix(path, kShown));
}

// Each read_* takes a value and its path in the body, for the error.
std::unexpected<Error> wrong_type(std::string_view path, std::string_view wanted) {
  return fail(ErrorCode::kBadRequest, shown(path) + " must be " + std::string(wanted));
}

std::unexpected<Error> unknown_field(std::string_view path) {
  return fail(ErrorCode::kBadRequest, "unknown field \"" + shown(path) + "\"");
}

Result<std::string> read_string(const JsonValue& value, std::string_view path) {
  if (value.kind != JsonKind::kString) return wrong_type(path, "a string");
  return std::string(value.text);
}

Result<std::uint64_t> read_count(const JsonValue& value, std::string_view path) {
  std::uint64_t count = 0;
  const char* const end = value.text.data() + value.text.size();
  const auto [stop, error] = std::from_chars(value.text.data(), end, count);
  if (value.kind != JsonKind::kNumber || error != std::errc{} || stop != end) {
    return wrong_type(path, "an integer that is not negative");
  }
  return count;
}

Result<Bytes> read_base64(const JsonValue& value, std::string_view path) {
  if (value.kind != JsonKind::kString) return wrong_type(path, "a string of base64");
  std::optional<Bytes> bytes = decode_base64(value.text);
  if (!bytes) return wrong_type(path, "standard base64 with padding");
  return *std::move(bytes);
}

Result<StringMap> read_string_map(const JsonValue& value, std::string_view path) {
  if (value.kind != JsonKind::kObject) return wrong_type(path, "an object of strings");
  StringMap map;
  for (const JsonMember& member : value.members) {
    const std::string member_path = std::string(path) + "." + std::string(member.name);
    Result<std::string> text = read_string(member.value, member_path);
    if (!text) return std::unexpected{std::move(text).error()};
    map.emplace(member.name, *std::move(text));
  }
  return map;
}

Result<std::vector<std::string>> read_string_list(const JsonValue& value, std::string_view path) {
  if (value.kind != JsonKind::kArray) return wrong_type(path, "an array of strings");
  std::vector<std::string> list;
  for (const JsonMember& element : value.members) {
    const std::string element_path = std::string(path) + "[" + std::to_string(list.size()) + "]";
    Result<std::string> text = read_string(element.value, element_path);
    if (!text) return std::unexpected{std::move(text).error()};
    list.push_back(*std::move(text));
  }
  return list;
}

Result<ValueType> read_value_type(const JsonValue& value, std::string_view path) {
  std::optional<ValueType> type;
  if (value.kind == JsonKind::kString) type = value_type_from_text(value.text);
  if (!type) return wrong_type(path, "one of i32 i64 f32 f64 v128 funcref externref");
  return *type;
}

Result<ParamName> read_param(const JsonValue& value, std::string_view path) {
  if (value.kind != JsonKind::kObject) return wrong_type(path, "an object");
  std::optional<std::string> name;
  ParamName param;
  for (const JsonMember& member : value.members) {
    const std::string member_path = std::string(path) + "." + std::string(member.name);
    if (member.name == "name") {
      Result<std::string> text = read_string(member.value, member_path);
      if (!text) return std::unexpected{std::move(text).error()};
      name = *std::move(text);
    } else if (member.name == "param_type") {
      Result<ValueType> type = read_value_type(member.value, member_path);
      if (!type) return std::unexpected{std::move(type).error()};
      param.param_type = *type;
    } else {
      return unknown_field(member_path);
    }
  }
  if (!name) return wrong_type(std::string(path) + ".name", "there");
  param.name = *std::move(name);
  return param;
}

Result<std::vector<ParamName>> read_params(const JsonValue& value, std::string_view path) {
  if (value.kind != JsonKind::kArray) return wrong_type(path, "an array of {name, param_type}");
  std::vector<ParamName> params;
  for (const JsonMember& element : value.members) {
    const std::string element_path = std::string(path) + "[" + std::to_string(params.size()) + "]";
    Result<ParamName> param = read_param(element.value, element_path);
    if (!param) return std::unexpected{std::move(param).error()};
    params.push_back(*std::move(param));
  }
  return params;
}

std::optional<std::uint64_t> ModuleLimits::* limit_field(std::string_view name) {
  if (name == "timeout_ms") return &ModuleLimits::timeout_ms;
  if (name == "memory_bytes") return &ModuleLimits::memory_bytes;
  if (name == "output_bytes") return &ModuleLimits::output_bytes;
  if (name == "max_concurrency") return &ModuleLimits::max_concurrency;
  if (name == "max_queue") return &ModuleLimits::max_queue;
  return nullptr;
}

Result<ModuleLimits> read_limits(const JsonValue& value, std::string_view path) {
  if (value.kind != JsonKind::kObject) return wrong_type(path, "an object");
  ModuleLimits limits;
  for (const JsonMember& member : value.members) {
    const std::string member_path = std::string(path) + "." + std::string(member.name);
    const auto field = limit_field(member.name);
    if (field == nullptr) return unknown_field(member_path);
    Result<std::uint64_t> count = read_count(member.value, member_path);
    if (!count) return std::unexpected{std::move(count).error()};
    limits.*field = *count;
  }
  return limits;
}

template <auto kField, auto kRead>
Result<void> read_into(const JsonMember& member, WasmRequest& request) {
  auto value = kRead(member.value, member.name);
  if (!value) return std::unexpected{std::move(value).error()};
  request.*kField = *std::move(value);
  return {};
}

struct Field {
  std::string_view name;
  Result<void> (*read)(const JsonMember&, WasmRequest&);
};

constexpr Field kFields[] = {
    {"wasm", read_into<&WasmRequest::wasm, read_base64>},
    {"function", read_into<&WasmRequest::function, read_string>},
    {"id", read_into<&WasmRequest::id, read_string>},
    {"param", read_into<&WasmRequest::param, read_params>},
    {"labels", read_into<&WasmRequest::labels, read_string_map>},
    {"limits", read_into<&WasmRequest::limits, read_limits>},
    {"env", read_into<&WasmRequest::env, read_string_map>},
    {"args", read_into<&WasmRequest::args, read_string_list>},
    {"revision", read_into<&WasmRequest::revision, read_count>},
};

Result<void> read_field(const JsonMember& member, WasmRequest& request) {
  for (const Field& field : kFields) {
    if (field.name == member.name) return field.read(member, request);
  }
  return unknown_field(member.name);
}

}  // namespace

Result<WasmRequest> parse_wasm_request_json(std::string_view body) {
  Result<JsonDocument> document = parse_json(body);
  if (!document) return std::unexpected{std::move(document).error()};
  if (document->root.kind != JsonKind::kObject) return wrong_type("the JSON body", "an object");
  WasmRequest request;
  for (const JsonMember& member : document->root.members) {
    Result<void> read = read_field(member, request);
    if (!read) return std::unexpected{std::move(read).error()};
  }
  return request;
}

}  // namespace wasm_server

#include "handlers/modules/wasm_request_json.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/base64.h"
#include "base/json.h"
#include "base/text.h"
#include "base/utf8.h"

namespace wasm_server {
namespace {

// As much of a path as an error tells the client again.
std::string shown(std::string_view path) {
  constexpr std::size_t kShown = 200;
  return std::string(utf8_prefix(path, kShown));
}

std::string member_of(std::string_view path, JsonValue member) {
  return std::string(path) + "." + std::string(member.name());
}

std::string element_of(std::string_view path, std::size_t index) {
  return std::string(path) + "[" + std::to_string(index) + "]";
}

// Each read_* takes a value and its path in the body, for the error.
std::unexpected<Error> wrong_type(std::string_view path, std::string_view wanted) {
  return fail(ErrorCode::kBadRequest, shown(path) + " must be " + std::string(wanted));
}

std::unexpected<Error> unknown_field(std::string_view path) {
  return fail(ErrorCode::kBadRequest, "unknown field " + quote(shown(path)));
}

Result<std::string> read_string(JsonValue value, std::string_view path) {
  if (value.kind() != JsonKind::kString) return wrong_type(path, "a string");
  return std::string(value.text());
}

Result<std::uint64_t> read_count(JsonValue value, std::string_view path) {
  const auto count = parse_unsigned(value.text());
  if (value.kind() != JsonKind::kNumber || !count) {
    return wrong_type(path, "an integer that is not negative");
  }
  return *count;
}

Result<Bytes> read_base64(JsonValue value, std::string_view path) {
  if (value.kind() != JsonKind::kString) return wrong_type(path, "a string of base64");
  std::optional<Bytes> bytes = decode_base64(value.text());
  if (!bytes) return wrong_type(path, "standard base64 with padding");
  return *std::move(bytes);
}

Result<StringMap> read_string_map(JsonValue value, std::string_view path) {
  if (value.kind() != JsonKind::kObject) return wrong_type(path, "an object of strings");
  StringMap map;
  for (const JsonValue member : value) {
    const std::string member_path = member_of(path, member);
    TRY_ASSIGN(map[std::string(member.name())], read_string(member, member_path));
  }
  return map;
}

// {"secret": "name"}
Result<std::string> read_secret(JsonValue value, std::string_view path) {
  if (value.size() == 1 && (*value.begin()).name() == "secret")
    return read_string(*value.begin(), member_of(path, *value.begin()));
  return wrong_type(path, "a string or {\"secret\": \"name\"}");
}

Result<void> read_env(JsonValue value, WasmRequest& request) {
  if (value.kind() != JsonKind::kObject) return wrong_type("env", "an object");
  StringMap& env = request.env.emplace();
  StringMap& secrets = request.secrets.emplace();
  for (const JsonValue member : value) {
    const std::string path = member_of("env", member);
    std::string name(member.name());
    if (member.kind() == JsonKind::kObject) {
      TRY_ASSIGN(secrets[std::move(name)], read_secret(member, path));
    } else {
      TRY_ASSIGN(env[std::move(name)], read_string(member, path));
    }
  }
  return {};
}

Result<std::vector<std::string>> read_string_list(JsonValue value, std::string_view path) {
  if (value.kind() != JsonKind::kArray) return wrong_type(path, "an array of strings");
  std::vector<std::string> list;
  for (const JsonValue element : value) {
    const std::string element_path = element_of(path, list.size());
    TRY_ASSIGN(list.emplace_back(), read_string(element, element_path));
  }
  return list;
}

// Null: none.
Result<std::vector<std::string>> read_egress(JsonValue value, std::string_view path) {
  if (value.kind() == JsonKind::kNull) return {};
  return read_string_list(value, path);
}

Result<ValueType> read_value_type(JsonValue value, std::string_view path) {
  std::optional<ValueType> type;
  if (value.kind() == JsonKind::kString) type = value_type_from_text(value.text());
  if (!type) return wrong_type(path, "one of i32 i64 f32 f64 v128 funcref externref");
  return *type;
}

Result<ParamName> read_param(JsonValue value, std::string_view path) {
  if (value.kind() != JsonKind::kObject) return wrong_type(path, "an object");
  std::optional<std::string> name;
  ParamName param;
  for (const JsonValue member : value) {
    const std::string member_path = member_of(path, member);
    if (member.name() == "name") {
      TRY_ASSIGN(name, read_string(member, member_path));
    } else if (member.name() == "param_type") {
      TRY_ASSIGN(param.param_type, read_value_type(member, member_path));
    } else {
      return unknown_field(member_path);
    }
  }
  if (!name) return wrong_type(std::string(path) + ".name", "there");
  param.name = *std::move(name);
  return param;
}

Result<std::vector<ParamName>> read_params(JsonValue value, std::string_view path) {
  if (value.kind() != JsonKind::kArray) return wrong_type(path, "an array of {name, param_type}");
  std::vector<ParamName> params;
  for (const JsonValue element : value) {
    const std::string element_path = element_of(path, params.size());
    TRY_ASSIGN(params.emplace_back(), read_param(element, element_path));
  }
  return params;
}

Result<ModuleLimits> read_limits(JsonValue value, std::string_view path) {
  if (value.kind() != JsonKind::kObject) return wrong_type(path, "an object");
  ModuleLimits limits;
  for (const JsonValue member : value) {
    const std::string member_path = member_of(path, member);
    const auto field = std::ranges::find(kLimitFields, member.name(), &LimitField::name);
    if (field == std::end(kLimitFields)) return unknown_field(member_path);
    TRY_ASSIGN(limits.*field->asked, read_count(member, member_path));
  }
  return limits;
}

template <auto kField, auto kRead>
Result<void> read_into(JsonValue member, WasmRequest& request) {
  TRY_ASSIGN(request.*kField, kRead(member, member.name()));
  return {};
}

struct Field {
  std::string_view name;
  Result<void> (*read)(JsonValue, WasmRequest&);
};

constexpr Field kFields[] = {
    {"wasm", read_into<&WasmRequest::wasm, read_base64>},
    {"function", read_into<&WasmRequest::function, read_string>},
    {"id", read_into<&WasmRequest::id, read_string>},
    {"param", read_into<&WasmRequest::param, read_params>},
    {"labels", read_into<&WasmRequest::labels, read_string_map>},
    {"limits", read_into<&WasmRequest::limits, read_limits>},
    {"env", read_env},
    {"args", read_into<&WasmRequest::args, read_string_list>},
    {"output_types", read_into<&WasmRequest::output_types, read_string_list>},
    {"egress", read_into<&WasmRequest::egress, read_egress>},
    {"revision", read_into<&WasmRequest::revision, read_count>},
};

Result<void> read_field(JsonValue member, WasmRequest& request) {
  for (const Field& field : kFields) {
    if (field.name == member.name()) return field.read(member, request);
  }
  return unknown_field(member.name());
}

}  // namespace

Result<WasmRequest> parse_wasm_request_json(std::string_view body) {
  TRY_ASSIGN(const JsonDocument document, parse_json(body));
  if (document.root().kind() != JsonKind::kObject) return wrong_type("the JSON body", "an object");
  WasmRequest request;
  for (const JsonValue member : document.root()) {
    TRY(read_field(member, request));
  }
  return request;
}

}  // namespace wasm_server

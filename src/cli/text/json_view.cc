#include "cli/text/json_view.h"

#include <algorithm>

#include "base/json_text.h"

namespace wasm_server::cli {
namespace {

void append_parts(std::string& out, JsonValue value) {
  const bool is_object = value.kind() == JsonKind::kObject;
  out += is_object ? '{' : '[';
  bool first = true;
  for (const JsonValue part : value) {
    if (!first) out += ',';
    first = false;
    if (is_object) {
      append_json_string(out, part.name());
      out += ':';
    }
    append_json(out, part);
  }
  out += is_object ? '}' : ']';
}

}  // namespace

std::optional<JsonValue> member(JsonValue value, std::string_view name) {
  if (value.kind() != JsonKind::kObject) return std::nullopt;
  for (const JsonValue part : value) {
    if (part.name() == name) return part;
  }
  return std::nullopt;
}

std::optional<JsonValue> array_member(JsonValue value, std::string_view name) {
  const auto found = member(value, name);
  return found && found->kind() == JsonKind::kArray ? found : std::nullopt;
}

std::string_view text_member(JsonValue value, std::string_view name) {
  const auto found = member(value, name);
  if (!found) return {};
  const bool has_text = found->kind() == JsonKind::kString || found->kind() == JsonKind::kNumber;
  return has_text ? found->text() : std::string_view{};
}

void append_json(std::string& out, JsonValue value) {
  switch (value.kind()) {
    case JsonKind::kNull:
      out += "null";
      break;
    case JsonKind::kBool:
      out += value.boolean() ? "true" : "false";
      break;
    case JsonKind::kNumber:
      out += value.text();
      break;
    case JsonKind::kString:
      append_json_string(out, value.text());
      break;
    case JsonKind::kArray:
    case JsonKind::kObject:
      append_parts(out, value);
      break;
  }
}

std::string json_object(const StringPairs& pairs) {
  std::string out = "{";
  for (const auto& [name, value] : pairs) {
    if (out.back() != '{') out += ',';
    append_json_string(out, name);
    out += ':';
    append_json_string(out, value);
  }
  return out += '}';
}

std::string json_list(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) {
    if (out.back() != '[') out += ',';
    append_json_string(out, text);
  }
  return out += ']';
}

}  // namespace wasm_server::cli

#include "handlers/execute/execute_json.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "base/base64.h"
#include "base/text.h"

namespace wasm_server {
namespace {

std::unexpected<Error> bad(std::string reason) {
  return fail(ErrorCode::kBadRequest, std::move(reason));
}

std::unexpected<Error> wrong_type(std::string_view what, std::string_view expected,
                                  JsonValue given) {
  return bad(std::string(what) + " must be " + std::string(expected) + ", not " +
             std::string(with_article(given.kind())));
}

// Each read_* takes the field's value and puts it into the request.
Result<void> read_function(JsonValue field, ExecuteRequest& request) {
  if (field.kind() != JsonKind::kString) return wrong_type("function", "a string", field);
  request.function = std::string(field.text());
  return {};
}

Result<void> read_args(JsonValue field, ExecuteRequest& request) {
  if (field.kind() != JsonKind::kArray && field.kind() != JsonKind::kObject) {
    return wrong_type("args", "an array or an object", field);
  }
  request.arguments = field;
  return {};
}

Result<void> read_env(JsonValue field, ExecuteRequest& request) {
  if (field.kind() != JsonKind::kObject) return wrong_type("env", "an object", field);
  for (const JsonValue variable : field) {
    if (variable.kind() != JsonKind::kString) {
      return wrong_type("env." + quote(shorten(variable.name())), "a string", variable);
    }
    const auto added =
        add_variable(request.env, std::string(variable.name()), std::string(variable.text()));
    if (!added) return bad("env: " + added.error().message);
  }
  return {};
}

Result<void> read_stdin(JsonValue field, ExecuteRequest& request) {
  if (field.kind() != JsonKind::kString) return wrong_type("stdin", "a string", field);
  request.stdin_bytes = Bytes(field.text());
  return {};
}

Result<void> read_stdin_base64(JsonValue field, ExecuteRequest& request) {
  if (field.kind() != JsonKind::kString) return wrong_type("stdin_base64", "a string", field);
  auto bytes = decode_base64(field.text());
  if (!bytes) return bad("stdin_base64 is not base64");
  request.stdin_bytes = *std::move(bytes);
  return {};
}

struct Field {
  std::string_view name;
  Result<void> (*read)(JsonValue, ExecuteRequest&);
};

constexpr Field kFields[] = {
    {"function", read_function},
    {"args", read_args},
    {"env", read_env},
    {"stdin", read_stdin},
    {"stdin_base64", read_stdin_base64},
};

Result<void> read_fields(JsonValue object, ExecuteRequest& request) {
  bool has_stdin = false;
  for (const JsonValue member : object) {
    const auto* const field = std::ranges::find(kFields, member.name(), &Field::name);
    if (field == std::end(kFields)) return bad("unknown field " + quote(shorten(member.name())));
    if (field->name.starts_with("stdin") && std::exchange(has_stdin, true)) {
      return bad("stdin and stdin_base64 exclude each other");
    }
    TRY(field->read(member, request));
  }
  return {};
}

}  // namespace

Result<ExecuteRequest> read_execute_json(JsonDocument document) {
  ExecuteRequest request;
  request.document = std::move(document);
  const JsonValue root = request.document.root();
  if (root.kind() == JsonKind::kArray) {
    request.arguments = root;
  } else if (root.kind() == JsonKind::kObject) {
    TRY(read_fields(root, request));
  } else {
    return wrong_type("the body", "an object or an array", root);
  }
  return request;
}

}  // namespace wasm_server

#include "handlers/execute/execute_request.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "engine/values/number_text.h"
#include "handlers/execute/execute_json.h"
#include "http/media.h"

namespace wasm_server {
namespace {

std::unexpected<Error> bad(std::string reason) {
  return fail(ErrorCode::kBadRequest, std::move(reason));
}

bool is_json(std::string_view content_type) {
  return content_type == "application/json" || media_type(content_type) == "application/json";
}

// A function by fd_read; a command may also hand its streams to what it calls, so it has none only
// when it imports nothing of theirs. A component imports the stream by its interface.
bool can_read_input(const ModuleInfo& info) {
  const std::string_view wanted = info.kind == ModuleKind::kCommand ? "fd_" : "fd_read";
  return std::ranges::any_of(info.imports, [wanted](const ImportInfo& import) {
    if (import.module.starts_with("wasi:cli/stdin@")) return true;
    return import.module.starts_with("wasi_") &&
           (import.name.starts_with(wanted) || import.name == "fd_pread");
  });
}

// A query has no types: what reads as a number is one.
JsonDocument::Item to_item(std::string text) {
  const auto kind = is_json_number(text) ? JsonKind::kNumber : JsonKind::kString;
  return {kind, std::move(text)};
}

Result<void> add_query_args(const Request& request, ExecuteRequest& execute) {
  if (execute.arguments) return {};
  std::vector<std::string> texts = request.query_values("arg");
  if (texts.empty()) return {};
  if (texts.size() > kMaxExecuteItems) return bad("too many query parameters \"arg\"");
  std::vector<JsonDocument::Item> items;
  items.reserve(texts.size());
  for (std::string& text : texts) items.push_back(to_item(std::move(text)));
  execute.document = JsonDocument::array(std::move(items));
  execute.arguments = execute.document.root();
  return {};
}

Result<StringMap> query_env(const Request& request) {
  StringMap env;
  for (std::string& text : request.query_values("env")) {
    const std::size_t equals = text.find('=');
    if (equals == text.npos) return bad("query parameter \"env\" must be NAME=VALUE");
    auto added = add_variable(env, text.substr(0, equals), text.substr(equals + 1));
    if (!added) return bad("query parameter \"env\": " + added.error().message);
    if (!*added) return bad("query parameter \"env\": a variable is given twice");
  }
  return env;
}

}  // namespace

// What the body said stays.
Result<void> add_execute_query(const Request& request, ExecuteRequest& execute) {
  if (request.query.empty()) return {};
  if (!execute.function) execute.function = request.query_value("function");
  TRY(add_query_args(request, execute));
  TRY_ASSIGN(auto env, query_env(request));
  execute.env.merge(env);
  return {};
}

bool has_json(const Request& request, const WasmMetaData& module) {
  const std::string_view type = request.header("content-type");
  if (is_json(type)) return true;
  if (request.body.empty()) return false;
  if (!type.empty() && media_type(type) != "application/x-www-form-urlencoded") return false;
  return !can_read_input(*module.info);
}

bool is_long_json(const Request& request, bool is_json) {
  return is_json && request.body.size() > kInlineJsonBytes;
}

Result<ExecuteRequest> parse_execute_json(SharedBytes body) {
  TRY_ASSIGN(auto document, parse_json(std::move(body)));
  return read_execute_json(std::move(document));
}

Result<ExecuteRequest> parse_execute_request(Request& request, bool is_json) {
  ExecuteRequest execute;
  if (!is_json) {
    execute.stdin_bytes = std::move(request.body);
  } else if (!request.body.empty()) {
    TRY_ASSIGN(auto document, parse_json(std::string_view(request.body)));
    TRY_ASSIGN(execute, read_execute_json(std::move(document)));
  }
  TRY(add_execute_query(request, execute));
  return execute;
}

}  // namespace wasm_server

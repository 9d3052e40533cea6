#include "handlers/execute_request.h"

#include <utility>

#include "engine/number_text.h"
#include "handlers/execute_json.h"

namespace wasm_server {
namespace {

using Positional = std::vector<Argument>;

std::unexpected<Error> bad(std::string reason) {
  return fail(ErrorCode::kBadRequest, std::move(reason));
}

bool is_json(std::string_view content_type) {
  return content_type == "application/json" || media_type(content_type) == "application/json";
}

// A query has no types: what reads as a number is one.
Argument to_argument(std::string text) {
  const auto kind = is_json_number(text) ? Argument::Kind::kNumber : Argument::Kind::kString;
  return {kind, std::move(text)};
}

Result<void> add_query_args(const Request& request, ExecuteRequest& execute) {
  if (execute.has_arguments) return {};
  std::vector<std::string> texts = request.query_values("arg");
  if (texts.size() > kMaxExecuteItems) return bad("too many query parameters \"arg\"");
  auto& arguments = execute.arguments.emplace<Positional>();
  for (std::string& text : texts) arguments.push_back(to_argument(std::move(text)));
  execute.has_arguments = !arguments.empty();
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
  if (auto added = add_query_args(request, execute); !added) return added;
  auto env = query_env(request);
  if (!env) return std::unexpected{std::move(env).error()};
  execute.env.merge(*env);
  return {};
}

bool has_long_json(const Request& request) {
  return request.body.size() > kInlineJsonBytes && is_json(request.header("content-type"));
}

Result<ExecuteRequest> parse_execute_json(std::string_view body) {
  ExecuteRequest execute;
  execute.json = true;
  if (body.empty()) return execute;
  auto read = read_execute_json(body, execute);
  if (!read) return std::unexpected{std::move(read).error()};
  return execute;
}

Result<ExecuteRequest> parse_execute_request(Request& request) {
  const bool json = is_json(request.header("content-type"));
  Result<ExecuteRequest> execute =
      json ? parse_execute_json(request.body) : Result<ExecuteRequest>{};
  if (!execute) return execute;
  if (!json) execute->stdin_bytes = std::move(request.body);
  if (auto added = add_execute_query(request, *execute); !added) {
    return std::unexpected{std::move(added).error()};
  }
  return execute;
}

Result<std::vector<std::string>> to_command_args(Arguments arguments) {
  auto* positional = std::get_if<Positional>(&arguments);
  if (positional == nullptr) return bad("a command takes its args as an array of strings");
  std::vector<std::string> args;
  args.reserve(positional->size());
  for (Argument& argument : *positional) {
    const std::string place = "args[" + std::to_string(args.size()) + ']';
    if (argument.kind == Argument::Kind::kOther) return bad(place + " must be a string");
    if (argument.text.find('\0') != std::string::npos) return bad(place + " contains a NUL");
    args.push_back(std::move(argument.text));
  }
  return args;
}

}  // namespace wasm_server

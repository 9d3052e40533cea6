#include "model/execute_request.h"

#include <utility>

namespace wasm_server {
namespace {

std::unexpected<Error> bad(std::string reason) {
  return fail(ErrorCode::kBadRequest, std::move(reason));
}

}  // namespace

// `value` is moved into the map, which the check does not see through try_emplace.
// NOLINTNEXTLINE(performance-unnecessary-value-param)
Result<bool> add_variable(StringMap& env, std::string name, std::string value) {
  if (name.empty()) return bad("a variable without a name");
  if (name.find('=') != name.npos) return bad("a variable's name contains '='");
  if (name.find('\0') != name.npos || value.find('\0') != value.npos) {
    return bad("a variable contains a NUL");
  }
  if (env.size() >= kMaxExecuteItems) return bad("too many variables");
  return env.try_emplace(std::move(name), std::move(value)).second;
}

Result<std::vector<std::string>> to_command_args(const std::optional<JsonValue>& arguments) {
  std::vector<std::string> args;
  if (!arguments) return args;
  if (arguments->kind() != JsonKind::kArray) {
    return bad("a command takes its args as an array of strings");
  }
  args.reserve(arguments->size());
  for (const JsonValue argument : *arguments) {
    const std::string place = "args[" + std::to_string(args.size()) + ']';
    const bool is_text =
        argument.kind() == JsonKind::kString || argument.kind() == JsonKind::kNumber;
    if (!is_text) return bad(place + " must be a string");
    if (argument.text().find('\0') != std::string_view::npos) return bad(place + " contains a NUL");
    args.emplace_back(argument.text());
  }
  return args;
}

}  // namespace wasm_server

// Matching a call's arguments with the function's parameters (the rest of engine/values/values.h is
// in to_value.cc and append_value.cc).

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/text.h"
#include "engine/values/to_value.h"
#include "engine/values/values.h"

namespace wasm_server {
namespace {

Error at_argument(std::size_t place, std::string_view name, Error error) {
  error.message =
      "argument " + std::to_string(place + 1) + " (" + quote(shorten(name)) + "): " + error.message;
  return error;
}

std::unexpected<Error> wrong_count(std::size_t expected, std::size_t given) {
  return fail(ErrorCode::kBadRequest, "the function takes " + std::to_string(expected) +
                                          (expected == 1 ? " argument, " : " arguments, ") +
                                          std::to_string(given) + " given");
}

Result<void> read_argument(ValueReader& reader, JsonValue json, const WasmParam& param,
                           std::vector<Value>& values) {
  auto value = reader.read(json, param.param_type);
  if (!value) {
    return std::unexpected{at_argument(values.size(), param.name, std::move(value).error())};
  }
  values.push_back(*std::move(value));
  return {};
}

Result<std::vector<Value>> in_order(JsonValue arguments, std::span<const WasmParam> params) {
  if (arguments.size() != params.size()) return wrong_count(params.size(), arguments.size());
  std::vector<Value> values;
  values.reserve(params.size());
  ValueReader reader;
  for (const JsonValue argument : arguments) {
    TRY(read_argument(reader, argument, params[values.size()], values));
  }
  return values;
}

// A named argument that is no parameter's. Clients mostly name them in the order of the parameters.
std::optional<JsonValue> find_unknown(JsonValue arguments, std::span<const WasmParam> params) {
  std::size_t likely = 0;
  for (const JsonValue argument : arguments) {
    const auto name = argument.name();
    if (likely == params.size() || params[likely].name != name) {
      const auto found = std::ranges::find(params, name, &WasmParam::name);
      if (found == params.end()) return argument;
      likely = static_cast<std::size_t>(found - params.begin());
    }
    ++likely;
  }
  return std::nullopt;
}

// The argument of that name; `likely` is where it is looked for first, and is moved behind it.
std::optional<JsonValue> find_argument(JsonValue arguments, std::string_view name,
                                       JsonValue::Iterator& likely) {
  if (likely == arguments.end() || (*likely).name() != name) {
    likely = arguments.begin();
    while (likely != arguments.end() && (*likely).name() != name) ++likely;
  }
  if (likely == arguments.end()) return std::nullopt;
  return *likely++;
}

Result<std::vector<Value>> by_name(JsonValue arguments, std::span<const WasmParam> params) {
  if (const auto unknown = find_unknown(arguments, params)) {
    return fail(ErrorCode::kBadRequest,
                "the function has no parameter " + quote(shorten(unknown->name())));
  }
  std::vector<Value> values;
  values.reserve(params.size());
  ValueReader reader;
  auto likely = arguments.begin();
  for (const WasmParam& param : params) {
    const auto argument = find_argument(arguments, param.name, likely);
    if (!argument) {
      return fail(ErrorCode::kBadRequest, "argument " + quote(shorten(param.name)) + " is missing");
    }
    TRY(read_argument(reader, *argument, param, values));
  }
  return values;
}

}  // namespace

Result<std::vector<Value>> to_values(const std::optional<JsonValue>& arguments,
                                     std::span<const WasmParam> params) {
  if (arguments && arguments->kind() == JsonKind::kObject) return by_name(*arguments, params);
  if (arguments) return in_order(*arguments, params);
  if (!params.empty()) return wrong_count(params.size(), 0);
  return {};
}

}  // namespace wasm_server

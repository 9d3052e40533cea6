// Matching a call's arguments with the function's parameters (the rest of engine/values.h is in
// values.cc).

#include <algorithm>
#include <cstddef>
#include <utility>

#include "engine/quote.h"
#include "engine/values.h"

namespace wasm_server {
namespace {

Error at_argument(std::size_t place, std::string_view name, Error error) {
  error.message =
      "argument " + std::to_string(place + 1) + " (" + quote(name) + "): " + error.message;
  return error;
}

using Positional = std::vector<Argument>;
using Named = std::vector<NamedArgument>;

std::unexpected<Error> wrong_count(std::size_t expected, std::size_t given) {
  return fail(ErrorCode::kBadRequest, "the function takes " + std::to_string(expected) +
                                          (expected == 1 ? " argument, " : " arguments, ") +
                                          std::to_string(given) + " given");
}

Result<std::vector<Value>> in_order(const Positional& arguments,
                                    std::span<const WasmParam> params) {
  if (arguments.size() != params.size()) return wrong_count(params.size(), arguments.size());
  std::vector<Value> values;
  values.reserve(params.size());
  for (std::size_t i = 0; i < params.size(); ++i) {
    auto value = to_value(arguments[i], params[i].param_type);
    if (!value) return std::unexpected{at_argument(i, params[i].name, std::move(value).error())};
    values.push_back(*value);
  }
  return values;
}

// Clients mostly name arguments in the order of the parameters, so `likely` is looked at first.
template <class Items>
const auto* find_named(const Items& items, std::string_view name, std::size_t likely) {
  if (likely < items.size() && items[likely].name == name) return &items[likely];
  const auto found =
      std::ranges::find_if(items, [&](const auto& item) { return item.name == name; });
  return found == items.end() ? nullptr : &*found;
}

// An argument that is no parameter's, or none.
const NamedArgument* find_unknown(const Named& arguments, std::span<const WasmParam> params) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (find_named(params, arguments[i].name, i) == nullptr) return &arguments[i];
  }
  return nullptr;
}

Result<std::vector<Value>> by_name(const Named& arguments, std::span<const WasmParam> params) {
  if (const NamedArgument* unknown = find_unknown(arguments, params)) {
    return fail(ErrorCode::kBadRequest, "the function has no parameter " + quote(unknown->name));
  }
  if (arguments.size() > params.size()) return wrong_count(params.size(), arguments.size());
  std::vector<Value> values;
  values.reserve(params.size());
  for (std::size_t i = 0; i < params.size(); ++i) {
    const NamedArgument* argument = find_named(arguments, params[i].name, i);
    if (argument == nullptr) {
      return fail(ErrorCode::kBadRequest, "argument " + quote(params[i].name) + " is missing");
    }
    auto value = to_value(argument->value, params[i].param_type);
    if (!value) return std::unexpected{at_argument(i, params[i].name, std::move(value).error())};
    values.push_back(*value);
  }
  return values;
}

}  // namespace

Result<std::vector<Value>> to_values(const Arguments& arguments,
                                     std::span<const WasmParam> params) {
  if (const auto* positional = std::get_if<Positional>(&arguments)) {
    return in_order(*positional, params);
  }
  return by_name(std::get<Named>(arguments), params);
}

}  // namespace wasm_server

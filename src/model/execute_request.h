#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/json.h"
#include "base/result.h"
#include "model/wasm_storage.h"

namespace wasm_server {

// A request may have this many arguments, and as many environment variables: what is held stays in
// proportion.
inline constexpr std::size_t kMaxExecuteItems = kMaxJsonItems;

// What is asked of a module, whoever asks. What its signature makes of the arguments is not known
// here (engine/values/values.h).
struct ExecuteRequest {
  std::optional<std::string> function;  // empty: the module's run_function
  JsonDocument document;                // that `arguments` is in
  // By position in an array, or by name in an object; empty: none were given.
  std::optional<JsonValue> arguments;
  StringMap env;  // names are not empty and free of '=', neither part has a NUL (add_variable)
  Bytes stdin_bytes;
};

// Checks one environment variable and adds it. kBadRequest for a bad name, a NUL, or one variable
// too many; false when there is one of that name already, which then stays.
Result<bool> add_variable(StringMap& env, std::string name, std::string value);

// The arguments as those of a command: strings, and numbers as they were written. kBadRequest when
// one is neither or has a NUL, or when they were given by name.
Result<std::vector<std::string>> to_command_args(const std::optional<JsonValue>& arguments);

}  // namespace wasm_server

#pragma once

#include <string_view>

#include "base/result.h"
#include "handlers/execute_request.h"

namespace wasm_server {

// The application/json form of an execution, an object of fields or an array of arguments, read in
// one pass without a document in between; number literals are kept as they are written. `request`
// is a fresh one; what is left in it after a failure is unspecified.
Result<void> read_execute_json(std::string_view body, ExecuteRequest& request);

// Checks one environment variable and adds it. kBadRequest for a bad name, a NUL, or one variable
// too many; false when there is one of that name already, which then stays.
Result<bool> add_variable(StringMap& env, std::string name, std::string value);

}  // namespace wasm_server

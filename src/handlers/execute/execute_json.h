#pragma once

#include "base/json.h"
#include "base/result.h"
#include "model/execute_request.h"

namespace wasm_server {

// The application/json form of an execution: an object of fields, or an array of arguments.
// kBadRequest names the field that is wrong.
Result<ExecuteRequest> read_execute_json(JsonDocument document);

}  // namespace wasm_server

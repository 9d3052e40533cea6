#pragma once

#include <string_view>

#include "base/result.h"
#include "jobs/wasm_request.h"

namespace wasm_server {

// The JSON form of a WasmRequest. kBadRequest names the field that is unknown, doubled or of the
// wrong type.
Result<WasmRequest> parse_wasm_request_json(std::string_view body);

}  // namespace wasm_server

#pragma once

#include <string>

#include "model/value_type.h"

namespace wasm_server {

// Appends the JSON Schema of values of that type, as an argument or as a result (contract, section
// 4). The two differ: an argument may be spelled in several ways.
void append_schema(std::string& out, const ValueType& type, bool is_argument);

}  // namespace wasm_server

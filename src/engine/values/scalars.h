#pragma once

// Values of types without parts.

#include <string>

#include "base/json.h"
#include "base/result.h"
#include "model/value.h"
#include "model/value_type.h"

namespace wasm_server {

Result<Value> to_scalar(JsonValue json, ValueType::Kind kind);
void append_scalar(std::string& out, const Value& value, ValueType::Kind kind);

// `json` as an error message shows it: shortened, a text in quotes, a container by what it is.
std::string shown(JsonValue json);
// kBadRequest, "3.5 is not an i32".
std::unexpected<Error> wrong_type(JsonValue json, const ValueType& type);

}  // namespace wasm_server

#pragma once

// JSON <-> wasm values, by the contract's section 4. No JSON parser here: arguments come as the
// literal text of the request (engine/call.h), results go out as text.

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/call.h"
#include "store/wasm_storage.h"

namespace wasm_server {

// One argument as a wasm value. kBadRequest names what is wrong ("3.5 is not an i32"), without the
// argument's place.
Result<Value> to_value(const Argument& argument, ValueType type);

// All of a call's arguments, in the order of `params`. kBadRequest names the argument: wrong count,
// unknown or missing name, wrong type, a reference parameter (which a client cannot pass; null
// only).
Result<std::vector<Value>> to_values(const Arguments& arguments, std::span<const WasmParam> params);

// Appends a result as JSON: it reads back to the same bits. A reference is `null` (a non-null one
// is "ref").
void append_json(std::string& out, const Value& value);

// Appends "[...]".
void append_json(std::string& out, std::span<const Value> values);

}  // namespace wasm_server

#pragma once

// Our values as the C API's and back.

#include "engine/call.h"
#include "engine/handles.h"

namespace wasm_server {

wasmtime_val_t to_engine(const Value& value);

// Takes over `value`: a reference in it is released, and only whether it was null is kept.
Value from_engine(wasmtime_val_t& value, ValueType type);

}  // namespace wasm_server

#pragma once

// Our values as slots of the engine's calls and back.

#include "engine/call.h"
#include "engine/engine_sys.h"

namespace wasm_server {

engine_sys_value_t to_engine(const Value& value);

// Only the bytes of `type` mean anything in a result's slot. Of a reference only whether it was
// null is kept.
Value from_engine(const engine_sys_value_t& value, ValueType type);

}  // namespace wasm_server

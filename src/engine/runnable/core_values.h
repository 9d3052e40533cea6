#pragma once

// Core values as slots of the engine's calls and back.

#include "engine/engine_sys.h"
#include "model/value.h"
#include "model/value_type.h"

namespace wasm_server {

engine_sys_value_t to_engine(const Value& value);

// Only the bytes of that kind mean anything in a result's slot. Of a reference only whether it was
// null is kept.
Value from_engine(const engine_sys_value_t& value, ValueType::Kind kind);

}  // namespace wasm_server

#pragma once

// How a guest's failure, as the engine reports it, becomes an Outcome's ending.

#include "engine/call.h"
#include "engine/handles.h"

namespace wasm_server {

// An instruction trapped.
Trapped describe_trap(const wasm_trap_t& trap);

// Anything else: an exception nobody caught, the pool's end, or a fault of ours (kInternal).
// `limits` tells whether the call had hit its memory or table limit.
decltype(Outcome::ending) describe_error(const wasmtime_error_t& error,
                                         const engine_sys_limits_t& limits);

}  // namespace wasm_server

#pragma once

// How a guest's failure, as the engine reports it, becomes an Outcome's ending.

#include "engine/call.h"
#include "engine/handles.h"

namespace wasm_server {

// Of a call that ended with a trap or an error: an instruction that trapped, an exception nobody
// caught, a limit that it begins beyond, the pool's end, or a fault of ours (kInternal).
decltype(Outcome::ending) describe_failure(const engine_sys_ending_t& ending,
                                           const engine_sys_limits_t& limits);

}  // namespace wasm_server

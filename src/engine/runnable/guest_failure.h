#pragma once

// How a guest's failure, as the engine reports it, becomes an Outcome.

#include "engine/handles.h"
#include "model/outcome.h"

namespace wasm_server {

// The process's memory is used up.
Refused no_memory_left();

// Of a call that ended with a trap or an error: an instruction that trapped, an exception nobody
// caught, a limit that it begins beyond, the pool's end, or a fault of ours (kInternal).
Outcome describe_failure(const engine_sys_outcome_t& outcome, const engine_sys_limits_t& limits);

}  // namespace wasm_server

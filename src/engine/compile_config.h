#pragma once

// The engine's settings that decide about code, for the engine folder only: whoever compiles, in
// whatever process, has these, or its artefacts do not load.

#include <cstddef>

#include "engine/code/compiled_module.h"
#include "engine/engine_sys.h"
#include "engine/handles.h"

namespace wasm_server {

// The caller owns it.
wasm_config_t* make_compile_config(std::size_t max_wasm_stack_bytes, Tier tier);

// Takes `config` over.
Result<EngineHandle> make_engine(wasm_config_t* config);

}  // namespace wasm_server

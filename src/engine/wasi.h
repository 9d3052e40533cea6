#pragma once

// WASI preview 1 as this server offers it: arguments, environment, the three standard streams,
// clocks, random and exit; no files and no network, which the guest sees as proper errnos. Written
// against the preview 1 witx (WebAssembly/WASI, legacy/preview1). Its own, because the engine's is
// synchronous: here a guest that sleeps, or writes faster than its client reads, is suspended and
// holds no thread.

#include <string_view>

#include "engine/handles.h"

namespace wasm_server {

// Defines every function of `wasi_snapshot_preview1`. The stores' data pointer must be a WasiState
// (engine/wasi_state.h).
void define_wasi(wasmtime_linker_t& linker);

// Whether there is such a function.
bool offers_wasi(std::string_view module, std::string_view name);

}  // namespace wasm_server

#pragma once

// WASI preview 1 as this server offers it: arguments, environment, the three standard streams,
// clocks, random and exit; no files and no network, which the guest sees as proper errnos. Written
// against the preview 1 witx (WebAssembly/WASI, legacy/preview1). Its own, because the engine's is
// synchronous: here a guest that sleeps, or writes faster than its client reads, is suspended and
// holds no thread. What it does with odd arguments is what `wasmtime run` does, and where it does
// not, tests/e2e/test_wasi_like_wasmtime.py says why.

#include <string_view>

#include "engine/handles.h"

namespace wasm_server {

// The name that guests see as argv[0].
inline constexpr std::string_view kProgramName = "main.wasm";

// Defines every function of `wasi_snapshot_preview1`, and of `wasi_unstable`, which modules of
// toolchains from before 2020 import. The stores' data pointer must be a WasiState
// (engine/wasi/wasi_state.h).
void define_wasi(wasmtime_linker_t& linker);

// Whether there is such a function.
bool offers_wasi(std::string_view module, std::string_view name);

}  // namespace wasm_server

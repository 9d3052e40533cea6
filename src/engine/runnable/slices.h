#pragma once

#include <cstdint>

#include "engine/engine_impl.h"

namespace wasm_server {

// Ticks until the first yield. With one slice, a call that starts just before its end would yield
// for nothing.
inline constexpr std::uint64_t kFirstSliceTicks = 2 * kTicksPerSlice;
inline constexpr std::uint64_t kSliceTicks = 1;

}  // namespace wasm_server

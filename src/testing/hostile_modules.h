#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace wasm_server {

// A valid module whose functions do nothing, with so many locals each: far more to compile than to
// write. Exports "f", the first one.
Bytes module_of_locals(std::uint32_t functions, std::uint32_t locals);

// One function "f" of so many loops, each within the one before.
Bytes module_of_nested_loops(std::uint32_t loops);

}  // namespace wasm_server

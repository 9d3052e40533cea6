#pragma once

#include <string_view>

namespace wasm_server {

// Whether components are offered that interface ("wasi:cli/environment@0.2.3"): those of WASI 0.2,
// of each of its versions. A function that only a later version than the engine's has is found to
// be missing when the component is loaded.
bool offers_interface(std::string_view interface);

}  // namespace wasm_server

#pragma once

// What a module's bytes say: exported functions with their types, parameter names (the "name"
// custom section), imports and kind. Reads the binary format (WebAssembly core specification 3.0,
// section 5) directly, because the engine's API gives no names and would compile first. Expects a
// module that the engine has found valid, yet never reads out of bounds on one that is not.

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/wasm_storage.h"

namespace wasm_server {

// kInvalidModule with the reason. A component is told as such.
Result<ModuleInfo> inspect(std::string_view wasm);

// How many of the bytes validation has to look into: all but those of data and custom sections,
// which are only passed over. Of what is not of the binary format, all.
std::size_t bytes_to_validate(std::string_view wasm);

// `default_function` stands in store/wasm_storage.h: the runner needs it too, and never sees the
// engine.

}  // namespace wasm_server

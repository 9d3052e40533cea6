#pragma once

#include "base/bytes.h"

namespace wasm_server {

// Whether code in the binary format is a component, and not a module: the layer that its header
// names. (WebAssembly/component-model, design/mvp/Binary.md)
inline bool is_component(ByteView wasm) {
  using namespace std::string_view_literals;
  return wasm.size() >= 8 && wasm.substr(6, 2) == "\1\0"sv;
}

}  // namespace wasm_server

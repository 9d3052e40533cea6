#pragma once

#include <string>
#include <string_view>

namespace wasm_server {

// Where a component exports a function.
struct ComponentFunction {
  std::string interface;  // the exported instance; empty: the component itself
  std::string name;       // in there
};

// Of a function by the name that it has here: "docs:types/all.mk@0.1.0" is "mk" of
// "docs:types/all@0.1.0".
ComponentFunction split_component_function(std::string_view name);

}  // namespace wasm_server

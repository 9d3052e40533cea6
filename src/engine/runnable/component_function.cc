#include "engine/runnable/component_function.h"

namespace wasm_server {

// An interface's name has no dot but in its version, and a function of none that has one begins
// with a bracket: "[method]counter.incr".
ComponentFunction split_component_function(std::string_view name) {
  const auto at = name.find('@');
  const auto base = name.substr(0, at);
  const auto dot = base.find('.');
  if (base.starts_with('[') || dot == std::string_view::npos) return {{}, std::string(name)};
  std::string interface(base.substr(0, dot));
  if (at != std::string_view::npos) interface += name.substr(at);
  return {std::move(interface), std::string(base.substr(dot + 1))};
}

}  // namespace wasm_server

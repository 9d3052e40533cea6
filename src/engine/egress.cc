#include "engine/egress.h"

#include "engine/engine_component.h"

namespace wasm_server {

bool is_egress_pattern(std::string_view text) {
  return engine_egress_is_pattern({text.data(), text.size()});
}

}  // namespace wasm_server

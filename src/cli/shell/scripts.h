#pragma once

#include <optional>
#include <string_view>

namespace wasm_server::cli {

// The completion script for "bash", "zsh" or "fish"; empty for any other shell. All of them ask
// `wasm-server __complete` (complete.h) and know nothing themselves.
std::optional<std::string_view> completion_script(std::string_view shell);

}  // namespace wasm_server::cli

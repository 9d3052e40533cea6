#pragma once

#include <memory>

#include "cli/command.h"

namespace wasm_server {

// `wasm-server config`: the settings that `serve` would have with the same options, environment and
// file, and which of these each comes from; or what the client commands use.
std::unique_ptr<cli::Command> config_command();

}  // namespace wasm_server

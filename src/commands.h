#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "cli/command.h"

namespace wasm_server {

// Every command of the program, for its help, man pages and completion: the server's, which main.cc
// runs, and the client's.
cli::CommandList all_commands();

// One that cli::run_command() runs; null when there is none of that name.
std::unique_ptr<cli::Command> find_command(std::string_view name);

// What `wasm-server --help` prints.
std::string overview(const cli::CommandList& commands);

}  // namespace wasm_server

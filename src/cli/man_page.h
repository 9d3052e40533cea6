#pragma once

#include <string>

#include "cli/command.h"

namespace wasm_server::cli {

// A command's manual page (section 1, the macros of man(7)), from what its help is made of.
std::string man_page(CommandDefinition& command);

// The page of the program, which lists the commands.
std::string man_overview(const CommandList& commands);

}  // namespace wasm_server::cli

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"

namespace wasm_server::cli {

// `args` is what stands behind the command's name. The exit code of the process.
int run_command(Command& command, const CommandList& all, std::vector<std::string> args);

// A command's options, with --help and, where it connects, --server and the like.
void define_all(CommandDefinition& command, CLI::App& app, ConnectionFlags& connection, bool& json);

// What `wasm-server COMMAND --help` prints.
std::string help_text(const CLI::App& app, const CommandText& text);

// `unknown option "--jsno"; did you mean "--json"?`
std::string unknown_option(const CLI::App& app, std::string_view word);

// One line: what was wrong in a command's arguments, and what was probably meant.
std::string usage_error(const CLI::App& app, const CLI::ParseError& error);

}  // namespace wasm_server::cli

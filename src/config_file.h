#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace wasm_server {

// Adds --config. Settings of the file stand behind the environment's. A key that is no flag of
// `app` is refused, with the name that was probably meant.
void add_config_file(CLI::App& app);

// The names that the file at `path` sets, as far as it can be read.
std::vector<std::string> names_in_file(const std::string& path);

// The value of an environment variable; empty when it is not set.
std::string environment(const std::string& name);

}  // namespace wasm_server

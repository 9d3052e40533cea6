#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace wasm_server {

// A file for --config that has every setting of `app` with its description: those that are set (by
// a flag, the environment or a file) as they are, the others commented out, with their defaults.
std::string config_template(const CLI::App& app);

}  // namespace wasm_server

#pragma once

#include <CLI/CLI.hpp>

#include "config.h"

namespace wasm_server {

// Defines the settings of `serve`, with their defaults from `config`, which they are written to.
// `config` must outlive `app`.
void add_serve_flags(CLI::App& app, ServeConfig& config);

// "max-body-bytes" -> "WASM_SERVER_MAX_BODY_BYTES"
std::string environment_name(std::string_view flag);

}  // namespace wasm_server

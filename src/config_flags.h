#pragma once

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "config.h"

namespace wasm_server {

// Defines the settings of `serve`, with their defaults from `config`, which they are written to.
// `config` must outlive `app`.
void add_serve_flags(CLI::App& app, ServeConfig& config);

inline constexpr cli::CommandText kServeText{
    .name = "serve",
    .summary = "stores WebAssembly modules and executes them over HTTP",
    .usage = "[OPTIONS]",
    .description =
        "Serves until SIGTERM or SIGINT. Prints one line, `listening on http://HOST:PORT`, when it "
        "takes traffic; its log goes to standard error.\n"
        "\n"
        "Every setting is an option, an environment variable and a key of the file that --config "
        "names; an option goes before the environment, and that before the file."};

// What an empty list of settings is written as; no origin is called so.
inline constexpr std::string_view kNoSetting = "none";

// "max-body-bytes" -> "WASM_SERVER_MAX_BODY_BYTES"
std::string environment_name(std::string_view flag);

}  // namespace wasm_server

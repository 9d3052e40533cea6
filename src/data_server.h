#pragma once

#include <filesystem>

#include "cli/data_directory.h"

namespace wasm_server {

// A cli::OpenData: by its operator's socket. What this process serves for it ends with what is
// returned; it compiles nothing, and others start no server on the directory meanwhile.
cli::Outcome<cli::DataServer> open_data(const std::filesystem::path& data);

}  // namespace wasm_server

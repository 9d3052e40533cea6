#pragma once

#include <filesystem>

namespace wasm_server {

// Makes files that were added to the directory, or removed, survive a loss of power. 0, or the
// system's error.
int sync_directory(const std::filesystem::path& path);

}  // namespace wasm_server

#pragma once

// For tests: bodies in the codings that requests may have.

#include <string>

namespace wasm_server {

std::string gzip(const std::string& text);
// With a checksum; `window_log` 0: as the library likes.
std::string zstd(const std::string& text, int window_log = 0);

}  // namespace wasm_server

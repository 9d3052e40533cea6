#pragma once

#include <string>

namespace wasm_server {

// Sends the log of the whole process to standard error, from `level` on (debug, info, warning,
// error, off).
void set_up_logging(const std::string& level);

}  // namespace wasm_server

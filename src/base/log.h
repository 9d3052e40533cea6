#pragma once

// The log, on standard error: one line per event. Safe from any thread. How it looks and from which
// level on is set up by the app; until then spdlog's defaults hold.

#include <string_view>

namespace wasm_server {

void log_info(std::string_view text);
void log_warning(std::string_view text);
void log_error(std::string_view text);

}  // namespace wasm_server

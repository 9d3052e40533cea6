#pragma once

#include <string_view>

namespace wasm_server {

// Tells systemd, or what else started this process and set NOTIFY_SOCKET, e.g. "READY=1"
// (sd_notify(3)). Does nothing where nobody asked for it, and never waits: who does not read it is
// not told.
void tell_service_manager(std::string_view state);

}  // namespace wasm_server

#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace wasm_server {

// Milliseconds since 1970-01-01T00:00:00Z, as stored.
using UnixMillis = std::int64_t;

UnixMillis unix_millis(std::chrono::system_clock::time_point time);

// RFC 3339 in UTC with milliseconds: "2026-11-23T00:00:00.000Z".
void append_rfc3339(std::string& out, UnixMillis time);

}  // namespace wasm_server

#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace wasm_server {

// [A-Za-z0-9][A-Za-z0-9._-]{0,127}
bool is_valid_id(std::string_view id);

// A version 7 UUID (RFC 9562, section 5.7): time-ordered, so that new ids come last in the
// database. Safe from any thread; two calls never return the same.
std::string make_uuid_v7(std::chrono::system_clock::time_point now);

}  // namespace wasm_server

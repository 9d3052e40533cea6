#pragma once

#include <cstdint>
#include <string>

namespace wasm_server {

// Appends the digits of `number` in that base, 2-36. On the path of every request, so without a
// format string (0.3 us less) and without a string of its own.
void append_number(std::string& out, std::uint64_t number, int base = 10);

}  // namespace wasm_server

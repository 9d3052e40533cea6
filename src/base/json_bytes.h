#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace wasm_server {

// Appends `,"NAME":` and the bytes as a JSON string where they are UTF-8, else `,"NAME_base64":`
// and their base64.
void append_bytes_member(std::string& out, std::string_view name, std::string_view bytes);

// About as much as that appends, and not less.
std::uint64_t bytes_member_size(std::string_view bytes);

}  // namespace wasm_server

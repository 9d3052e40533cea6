#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace wasm_server {

// Appends `text` as a JSON string with its quotes (RFC 8259, section 7). Bytes that are not UTF-8
// become U+FFFD, so that what a client sent can be quoted back to it.
void append_json_string(std::string& out, std::string_view text);

// How many bytes that appends.
std::uint64_t json_string_size(std::string_view text);

}  // namespace wasm_server

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace wasm_server {

// Standard base64 with padding (RFC 4648, section 4).
std::string encode_base64(std::string_view data);
void append_base64(std::string& out, std::string_view data);

// Empty when `text` is not exactly that (white space, missing padding and foreign characters are
// refused).
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace wasm_server

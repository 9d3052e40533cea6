#pragma once

#include <string>
#include <string_view>

namespace wasm_server {

// The bytes as one big-endian number in base 62 (0-9, A-Z, a-z), with leading zeroes up to what the
// largest number of as many bytes takes: 43 characters for 32 bytes, 6 for 4.
std::string encode_base62(std::string_view bytes);

}  // namespace wasm_server

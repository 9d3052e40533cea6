#pragma once

#include <string>
#include <string_view>

namespace wasm_server {

// A client's or a module's text for an error message: at most 48 bytes of it, cut between UTF-8
// sequences, then "...".
std::string shorten(std::string_view text);

// The same in double quotes.
std::string quote(std::string_view text);

}  // namespace wasm_server

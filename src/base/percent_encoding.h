#pragma once

#include <string>
#include <string_view>

namespace wasm_server {

// Appends `text` for a part of a path, a query or a fragment: all that is not unreserved (RFC 3986,
// section 2.3) is %XX.
void append_percent_encoded(std::string& out, std::string_view text);

}  // namespace wasm_server

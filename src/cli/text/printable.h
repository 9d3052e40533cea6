#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace wasm_server::cli {

// Text from elsewhere for a terminal or a table: control characters, the marks that change the
// direction of writing, and bytes that are not UTF-8 are shown as \n, \x1b, \u{202e}, so that they
// can neither move the cursor nor break a line. A backslash stays as it is.
std::string printable(std::string_view text);

// How many columns printable text takes, one for each code point.
std::size_t columns(std::string_view text);

}  // namespace wasm_server::cli

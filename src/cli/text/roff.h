#pragma once

#include <string>
#include <string_view>

namespace wasm_server::cli {

// Text for a manual page, so that nothing of it is taken for a request or an escape.
std::string roff_escape(std::string_view text);

// The same in lines of at most 80 characters, each sentence on its own, with a line end.
std::string roff_text(std::string_view text);

}  // namespace wasm_server::cli

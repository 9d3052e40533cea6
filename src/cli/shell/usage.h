#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace wasm_server::cli {

// What stands at a place of a usage line, counted from 0 and without options: of "[OPTIONS] ID
// [REVISION]", "REVISION" at place 1. The last one with "..." stands at all places from its own on.
std::optional<std::string> positional_type(std::string_view usage, std::size_t place);

}  // namespace wasm_server::cli

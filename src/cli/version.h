#pragma once

#include <string_view>

namespace wasm_server {

inline constexpr std::string_view kProgramVersion = "0.1.0";  // as in CMakeLists.txt

}  // namespace wasm_server

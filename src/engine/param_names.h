#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/wasm_storage.h"

namespace wasm_server {

// "p0", "p1", ...: what a parameter without a usable name is called.
std::string default_param_name(std::size_t place);

// Names the parameters of `functions` after the local names in a "name" custom section (core
// specification 3.0, appendix 7.4.1), where functions[i] has the index indexes[i]. Names stay
// unique within a function: one that is empty, not UTF-8, longer than 128 bytes, given twice or
// another parameter's default is left out. A broken section changes nothing.
void name_params(std::string_view name_section, std::span<const std::uint32_t> indexes,
                 std::vector<FunctionInfo>& functions);

}  // namespace wasm_server

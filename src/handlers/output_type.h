#pragma once

// What an execution's answer comes as, by the request's Accept (contract, section 4). Parameters of
// a range other than q are left out of account, because no type here has any, and so is what stands
// behind the first kMostRanges: looking a range up costs a pass over all of them.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace wasm_server {

inline constexpr std::size_t kMostRanges = 64;

// Of a function, whose results there are as JSON only: kNotAcceptable when `accept` does not admit
// that.
Result<void> check_result_type(std::string_view accept);

// Of a command: the type that `accept` prefers to JSON for its raw standard output; empty: JSON.
// kNotAcceptable when it admits nothing.
Result<std::optional<std::string>> choose_output_type(std::string_view accept);

}  // namespace wasm_server

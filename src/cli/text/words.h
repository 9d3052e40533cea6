#pragma once

// What options say, read.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/failure.h"
#include "cli/text/json_view.h"

namespace wasm_server::cli {

// "name=value" each. `option` is named in the failure (kWrongUsage).
Outcome<StringPairs> read_pairs(const std::vector<std::string>& words, std::string_view option);

// "250ms", "2s", "1m", "12h", "30d", or milliseconds without a unit; not zero, at
// most 100 years.
std::optional<std::chrono::milliseconds> read_duration(std::string_view text);

}  // namespace wasm_server::cli

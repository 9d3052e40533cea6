#pragma once

#include <string>

#include "cli/bench/load.h"
#include "cli/terminal.h"

namespace wasm_server::cli {

// What is said of a load: the rate and the latencies of the calls that succeeded, the others by
// their codes, what the server says it spent, and what this program spent itself.
std::string load_text(const Terminal& terminal, const LoadOutcome& load, const LoadPlan& plan);
std::string load_json(const LoadOutcome& load, const LoadPlan& plan);

}  // namespace wasm_server::cli

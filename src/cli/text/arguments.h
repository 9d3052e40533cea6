#pragma once

// The words of a command line as a function's arguments.

#include <span>
#include <string>
#include <string_view>

#include "cli/api/module_view.h"
#include "cli/failure.h"

namespace wasm_server::cli {

// The JSON array that the function takes. Words stand for its parameters in their order; `--name
// value` and `--name=value` for those of that name, until a `--`. Each is read as its parameter's
// type: an integer in decimal or with 0x, a float, text as it is, and other types of components as
// JSON. kWrongRun says which argument is wrong and what it should be.
Outcome<std::string> arguments_json(const FunctionView& function,
                                    std::span<const std::string> words);

// One word as the JSON of a value of that type. The failure says what the type takes.
Outcome<std::string> value_json(std::string_view type, std::string_view word);

}  // namespace wasm_server::cli

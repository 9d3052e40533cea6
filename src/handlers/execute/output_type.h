#pragma once

// What an execution's answer comes as, by the request's Accept (contract, section 4). Parameters of
// a range other than q are ignored, because no type here has any.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace wasm_server {

// Of a function, whose results there are as JSON only: kNotAcceptable when `accept` does not admit
// that.
Result<void> check_result_type(std::string_view accept);

// Whether a browser would run what comes as this type (in lower case): pages, images with scripts,
// scripts, style sheets, documents.
bool runs_in_browser(std::string_view type);

// Of a command: the type that `accept` prefers to JSON for its raw standard output; empty: JSON.
// kNotAcceptable when it admits nothing. A type that a browser would run has to be among those that
// the module says it writes (`output_types`); else it is text/plain, where that is admitted.
Result<std::optional<std::string>> choose_output_type(std::string_view accept,
                                                      std::span<const std::string> output_types);

}  // namespace wasm_server

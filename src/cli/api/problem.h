#pragma once

#include <string>
#include <string_view>

#include "cli/failure.h"
#include "cli/http/http_client.h"

namespace wasm_server::cli {

// What an answer that is no success means to who asked: the server's own words and what to do.
Failure failure_of(const HttpAnswer& answer, const ServerAddress& server);

// `code` of a problem document, e.g. "not-found"; empty when it is none.
std::string problem_code(const HttpAnswer& answer);

}  // namespace wasm_server::cli

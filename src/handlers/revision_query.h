#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "http/request.h"

namespace wasm_server {

// `?revision=N`. kBadRequest when it is no positive integer.
Result<std::optional<std::uint64_t>> parse_revision(const Request& request);

}  // namespace wasm_server

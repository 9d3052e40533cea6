#pragma once

#include <optional>

#include "base/result.h"
#include "handlers/http/guest_exchange.h"
#include "model/outcome.h"

namespace wasm_server {

// Why a handler gave no whole answer. A trap or an end without one is kBadGuestAnswer: who asked it
// asked for an answer, not for a function's result.
Error failure_of_handler(GuestExchange& exchange, const std::optional<ExecutionResult>& result);

Error wrong_length();
Error client_left();

}  // namespace wasm_server

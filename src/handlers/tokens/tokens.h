#pragma once

#include "handlers/deps.h"
#include "http/router.h"

namespace wasm_server {

// /tokens: makes, lists, rotates and revokes access tokens. Of a token's text an answer has only
// what was made by its request.
void register_tokens(Router& router, const HandlerDeps& deps);

}  // namespace wasm_server

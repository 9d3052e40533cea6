#pragma once

#include "handlers/deps.h"
#include "http/router.h"

namespace wasm_server {

// GET /wasm/{id}/revisions, newest first.
void register_revisions(Router& router, const HandlerDeps& deps);

}  // namespace wasm_server

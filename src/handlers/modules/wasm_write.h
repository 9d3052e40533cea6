#pragma once

#include "handlers/deps.h"
#include "http/router.h"

namespace wasm_server {

// POST /wasm, PUT and DELETE of /wasm/{id}: each becomes a job on the channel and is answered after
// the commit.
void register_wasm_write(Router& router, const HandlerDeps& deps);

}  // namespace wasm_server

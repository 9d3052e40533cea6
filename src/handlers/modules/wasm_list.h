#pragma once

#include "handlers/deps.h"
#include "http/router.h"

namespace wasm_server {

// GET /wasm: one page of modules, by id, without their code.
void register_wasm_list(Router& router, const HandlerDeps& deps);

}  // namespace wasm_server

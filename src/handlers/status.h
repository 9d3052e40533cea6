#pragma once

#include "handlers/deps.h"
#include "http/router.h"

namespace wasm_server {

// /healthz (the process lives) and /readyz (it takes traffic, writes too).
void register_status_handlers(Router& router, const HandlerDeps& deps);

}  // namespace wasm_server

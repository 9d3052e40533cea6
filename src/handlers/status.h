#pragma once

#include "handlers/readiness.h"
#include "http/router.h"

namespace wasm_server {

// /healthz (the process lives) and /readyz (it takes traffic). `readiness` must outlive the router.
void register_status_handlers(Router& router, const Readiness& readiness);

}  // namespace wasm_server

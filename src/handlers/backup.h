#pragma once

#include "handlers/deps.h"
#include "http/router.h"

namespace wasm_server {

// GET /backup: all that is stored, as it is at one moment (backup/frame.h).
void register_backup(Router& router, const HandlerDeps& deps);

}  // namespace wasm_server

#pragma once

#include "handlers/deps.h"
#include "http/router.h"

namespace wasm_server {

// GET and HEAD of /wasm/{id}: straight from the database. As JSON or as the stored bytes, by
// Accept.
void register_wasm_read(Router& router, const HandlerDeps& deps);

}  // namespace wasm_server

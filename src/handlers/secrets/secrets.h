#pragma once

#include "handlers/deps.h"
#include "http/router.h"

namespace wasm_server {

// PUT, GET and DELETE of /secrets: values for guests' environments, which are never given back. All
// arguments must outlive the router.
void register_secrets(Router& router, const HandlerDeps& deps);

}  // namespace wasm_server

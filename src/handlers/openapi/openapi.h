#pragma once

#include <span>
#include <string>

#include "handlers/deps.h"
#include "http/route.h"
#include "http/router.h"

namespace wasm_server {

// OpenAPI 3.1 of the routes, as JSON. Throws std::logic_error when a route has no operation
// (operations.h), an operation no route, or one says of statuses or bodies what the other does not.
std::string openapi_document(std::span<const Route> routes);

void register_openapi(Router& router, const HandlerDeps& deps);

}  // namespace wasm_server

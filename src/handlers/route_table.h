#pragma once

// Every route of the server, as data. What has to know them reads this table: the router, the list
// of what the tests cover (tests/e2e/contract_table), and what will be made of them later (OpenAPI,
// scopes, metrics). A route here and its handler (routes.cc) find each other by the name.

#include <span>
#include <string>

#include "http/route.h"

namespace wasm_server {

std::span<const Route> route_table();

// The table as JSON, for scripts: {"common_statuses": [...], "routes": [{"name", ...}, ...]}.
std::string routes_json();

}  // namespace wasm_server

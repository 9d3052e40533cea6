#pragma once

#include <string_view>

namespace wasm_server {

// The schemas of the API's bodies, as the members of an OpenAPI document's components.schemas (JSON
// Schema 2020-12). What they say is the contract; tests hold answers against them.
std::string_view api_schemas();

// That of a query parameter of this name on any route; empty when there is none.
std::string_view parameter_schema(std::string_view name);

}  // namespace wasm_server

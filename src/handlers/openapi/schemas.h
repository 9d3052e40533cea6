#pragma once

#include <string_view>

namespace wasm_server {

// The schemas of the API's bodies, as the members of an OpenAPI document's components.schemas (JSON
// Schema 2020-12). What they say is the contract; tests hold answers against them.
std::string_view api_schemas();

// That of an error.
std::string_view problem_schema();

// The members of components.responses and of components.securitySchemes.
std::string_view problem_response();
std::string_view security_schemes();

// That of a query parameter of this name on any route; empty when there is none.
std::string_view parameter_schema(std::string_view name);

}  // namespace wasm_server

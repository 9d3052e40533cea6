#pragma once

// The query of GET /wasm, and the link to its next page.

#include <string>
#include <string_view>

#include "base/result.h"
#include "http/request.h"
#include "store/module_repository.h"

namespace wasm_server {

// kBadRequest names the parameter that is not what the contract says. `none` is set where the
// request may see none of the modules that it asks for.
struct ListRequest {
  ListQuery query;
  bool none = false;
};

Result<ListRequest> parse_list_request(const Request& request);

// The value of Link: the same query, going on after `next`.
std::string next_link(const Request& request, std::string_view next);

}  // namespace wasm_server

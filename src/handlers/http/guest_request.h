#pragma once

#include "engine/runnable/http_exchange.h"
#include "http/request.h"

namespace wasm_server {

// What the handler of a module sees of a request to `/http/{id}/...` (contract, section 7): the
// path from there on and the query as they were sent, and the header without what is the
// connection's or this server's own. An access token of this server is never shown to a guest.
HttpRequestHead guest_request(const Request& request);

}  // namespace wasm_server

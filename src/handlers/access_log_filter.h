#pragma once

#include "http/filter.h"

namespace wasm_server {

// Logs each request that is answered: method, path, route, status, the bytes of the answer's body
// as far as they are known, the microseconds from the request's header to that answer, the access
// token's id, the client's trace and the request's id. Never a query, a header or a body.
class AccessLogFilter final : public Filter {
 public:
  void on_reply(const Request& request, const Route* route, Reply& reply) override;
};

}  // namespace wasm_server

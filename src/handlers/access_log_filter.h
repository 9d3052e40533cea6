#pragma once

#include <atomic>

#include "http/filter.h"

namespace wasm_server {

// While it is on, logs each request that is answered: method, path, route, status, the bytes of the
// answer's body as far as they are known, the microseconds from the request's header to that
// answer, the access token's id, the client's trace and the request's id. Never a query, a header
// or a body.
class AccessLogFilter final : public Filter {
 public:
  // Outlives it.
  explicit AccessLogFilter(const std::atomic<bool>& is_on) : is_on_(is_on) {}

  void on_reply(const Request& request, const Route* route, Reply& reply) override;

 private:
  const std::atomic<bool>& is_on_;
};

}  // namespace wasm_server

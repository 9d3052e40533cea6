#pragma once

#include <chrono>

#include "auth/rate_limiter.h"
#include "http/filter.h"

namespace wasm_server {

// 429 for one who has to wait so long.
Reply too_many_requests(const Request& request, std::chrono::nanoseconds wait);

// Refuses requests of an address that makes more of them than it may, before anything is looked up
// for it. Not of the operator's programs, nor to routes that say only whether the server lives.
class RateFilter final : public Filter {
 public:
  // Outlives it.
  explicit RateFilter(RateLimiter& addresses) : addresses_(addresses) {}

  bool answers(Request& request, const Route* route, Reply& reply) override;

 private:
  RateLimiter& addresses_;
};

}  // namespace wasm_server

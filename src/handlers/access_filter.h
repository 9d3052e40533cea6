#pragma once

#include <string_view>

#include "auth/authenticator.h"
#include "auth/rate_limiter.h"
#include "http/filter.h"
#include "services/tokens.h"

namespace wasm_server {

// Refuses, before its body is read, a request whose route's scope its token has not: 401 without a
// good token, 403 with one of too few rights, 429 with one that is used too often. To the others it
// gives their token's prefix, which handlers mind where an id stands elsewhere than in the path,
// and its quota.
class AccessFilter final : public Filter {
 public:
  struct Parts {
    Authenticator& authenticator;
    Tokens& tokens;
    RateLimiter& rate;  // of each token
    // Whether everybody may do everything as long as there are no tokens: who reaches the server
    // is on this machine, or the operator said so.
    const bool& open_without_tokens;
  };

  // All of them outlive it.
  explicit AccessFilter(const Parts& parts) : parts_(parts) {}

  bool answers(Request& request, const Route* route, Reply& reply) override;

 private:
  bool admit(Request& request, const Route& route, std::string_view text, Reply& reply);

  const Parts parts_;
};

}  // namespace wasm_server

#pragma once

// Access tokens in JSON:
//   {"scopes": ["read", ...], "prefix": "...", "expires_in_s": N}     what is asked for
//   {"overlap_s": N}                                                 of a rotation
//   {"id", "scopes", "prefix", "created_at", "expires_at", "last_used_at"}   what is answered,
//   times
//                              as in RFC 3339 or null, and with "token" first in the answer to who
//                              made or rotated it

#include <chrono>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "model/access_token.h"
#include "services/tokens.h"

namespace wasm_server {

// kBadRequest names the field that is not what it must be.
Result<TokenRequest> parse_token_request(std::string_view json);
// An empty text has no overlap.
Result<std::chrono::seconds> parse_overlap(std::string_view json);

// `text`: of a token that was just issued; else empty.
void append_token(Bytes& out, const AccessToken& token, std::string_view text = {});

}  // namespace wasm_server

#pragma once

// kTokens: id -> version u8 = 2, then the token (model/token_codec.h); 1: in its
// first form.

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/access_token.h"

namespace wasm_server {

std::string encode_token_record(const AccessToken& token);
// kInternal when it is none, or that of another id.
Result<AccessToken> decode_token_record(std::string_view id, std::string_view record);

}  // namespace wasm_server

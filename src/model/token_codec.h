#pragma once

// An access token as bytes, for records and jobs (the notation is that of model/module_codec.h):
//   id text, hash digest, former_hash optional digest, former_until u64, scopes u8, prefix text,
//   created_at u64, expires_at optional u64, last_used_at optional u64; since the second form
//   max_modules optional varint, max_bytes optional varint
// where optional is a u8, 0 or 1, and in the second case the value.

#include <cstdint>

#include "base/byte_codec.h"
#include "model/access_token.h"

namespace wasm_server {

// In the second form.
void put_token(ByteWriter& to, const AccessToken& token);
// `from` has failed() when it is none.
enum class TokenForm : std::uint8_t { kFirst, kSecond };
AccessToken get_token(ByteReader& from, TokenForm form);

}  // namespace wasm_server

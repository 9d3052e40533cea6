#include "model/token_codec.h"

#include "model/module_codec.h"

namespace wasm_server {
namespace {

void put_time(ByteWriter& to, UnixMillis time) { to.u64(static_cast<std::uint64_t>(time)); }
UnixMillis get_time(ByteReader& from) { return static_cast<UnixMillis>(from.u64()); }

void put_number(ByteWriter& to, std::uint64_t number) { to.varint(number); }
std::uint64_t get_number(ByteReader& from) { return from.varint(); }

}  // namespace

void put_token(ByteWriter& to, const AccessToken& token) {
  to.text(token.id);
  put_digest(to, token.hash);
  put_optional(to, token.former_hash, put_digest);
  put_time(to, token.former_until);
  to.u8(token.scopes.bits());
  to.text(token.prefix);
  put_time(to, token.created_at);
  put_optional(to, token.expires_at, put_time);
  put_optional(to, token.last_used_at, put_time);
  put_optional(to, token.quota.max_modules, put_number);
  put_optional(to, token.quota.max_bytes, put_number);
}

AccessToken get_token(ByteReader& from, TokenForm form) {
  AccessToken token;
  token.id = from.text();
  token.hash = get_digest(from);
  token.former_hash = get_optional(from, get_digest);
  token.former_until = get_time(from);
  const auto scopes = TokenScopes::from_bits(from.u8());
  if (!scopes) from.fail();
  token.scopes = scopes.value_or(TokenScopes{});
  token.prefix = from.text();
  token.created_at = get_time(from);
  token.expires_at = get_optional(from, get_time);
  token.last_used_at = get_optional(from, get_time);
  if (form == TokenForm::kFirst) return token;
  token.quota.max_modules = get_optional(from, get_number);
  token.quota.max_bytes = get_optional(from, get_number);
  return token;
}

}  // namespace wasm_server

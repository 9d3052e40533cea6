#include "model/access_token.h"

#include "model/enum_text.h"

namespace wasm_server {
namespace {

constexpr std::array kNames{"read", "write", "execute", "admin"};

}  // namespace

const char* to_text(TokenScope scope) { return kNames.at(static_cast<std::size_t>(scope)); }

std::optional<TokenScope> scope_from_text(std::string_view text) {
  return enum_from_text<TokenScope>(kNames, text);
}

std::optional<TokenScopes> TokenScopes::from_bits(std::uint8_t bits) {
  if (bits >> kTokenScopes.size() != 0) return std::nullopt;
  TokenScopes scopes;
  scopes.bits_ = bits;
  return scopes;
}

}  // namespace wasm_server

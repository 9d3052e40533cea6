#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/time.h"
#include "model/quota.h"

namespace wasm_server {

// What the bearer of a token may do. kAdmin includes the others.
enum class TokenScope : std::uint8_t { kRead, kWrite, kExecute, kAdmin };
inline constexpr std::array<TokenScope, 4> kTokenScopes{TokenScope::kRead, TokenScope::kWrite,
                                                        TokenScope::kExecute, TokenScope::kAdmin};

const char* to_text(TokenScope scope);
std::optional<TokenScope> scope_from_text(std::string_view text);

class TokenScopes {
 public:
  void add(TokenScope scope) { bits_ |= bit(scope); }
  bool has(TokenScope scope) const { return (bits_ & bit(scope)) != 0; }
  bool allows(TokenScope scope) const { return has(scope) || has(TokenScope::kAdmin); }
  bool empty() const { return bits_ == 0; }

  // As stored: one bit for each scope, in their order.
  std::uint8_t bits() const { return bits_; }
  static std::optional<TokenScopes> from_bits(std::uint8_t bits);

  friend bool operator==(const TokenScopes&, const TokenScopes&) = default;

 private:
  static std::uint8_t bit(TokenScope scope) {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(scope));
  }
  std::uint8_t bits_ = 0;
};

// An access token as it is kept: who presents a text with its id whose SHA-256 this is, may do what
// it says.
struct AccessToken {
  std::string id;
  Digest hash;
  // Of the text before the last rotation, which is good until then.
  std::optional<Digest> former_hash{};
  UnixMillis former_until = 0;
  TokenScopes scopes;
  std::string prefix;  // of all ids that it may name; empty: any
  Quota quota{};       // of what is stored under the prefix when its bearer writes
  UnixMillis created_at = 0;
  std::optional<UnixMillis> expires_at{};
  std::optional<UnixMillis> last_used_at{};  // to the minute

  bool is_expired(UnixMillis now) const { return expires_at && now >= *expires_at; }

  friend bool operator==(const AccessToken&, const AccessToken&) = default;
};

}  // namespace wasm_server

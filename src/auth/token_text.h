#pragma once

// The text of an access token: wsk_<id>_<secret><checksum>, where the secret is 32 random bytes in
// base 62, and the checksum the CRC-32 (that of zip and Ethernet) of all before it, so that
// scanners for leaked secrets and slips of the hand can tell one without asking the server.

#include <optional>
#include <string>
#include <string_view>

#include "base/digest.h"

namespace wasm_server {

inline constexpr std::string_view kTokenTextStart = "wsk_";

std::string make_token_id();

// A new text for the token of that id. It is shown once and kept nowhere; what is kept is its hash.
std::string make_token_text(std::string_view id);

// The id in a token's text; empty when it is none, or was not copied right.
std::optional<std::string_view> token_id_of(std::string_view text);

// Of the whole text. The secret has 256 random bits, so that nobody needs a slow hash.
inline Digest hash_of_token(std::string_view text) { return sha256(text); }

// In a time that does not depend on where they differ.
bool is_same_hash(const Digest& left, const Digest& right);

}  // namespace wasm_server

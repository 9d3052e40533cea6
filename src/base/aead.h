#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wasm_server {

// Authenticated encryption: AES-256-GCM (NIST SP 800-38D), by OpenSSL, with a random nonce of 96
// bits. One key is good for 2^32 texts.
using AeadKey = std::array<std::uint8_t, 32>;

// Nonce, ciphertext and tag. `associated` is not in it, but unseal() needs the same. Throws
// std::runtime_error when OpenSSL fails.
std::string seal(const AeadKey& key, std::string_view associated, std::string_view text);

// Empty when it was sealed with another key or for something else, or is not as it was.
std::optional<std::string> unseal(const AeadKey& key, std::string_view associated,
                                  std::string_view sealed);

}  // namespace wasm_server

#pragma once

// The trailer that authenticates an artefact (engine/artefacts.h says what it is for).

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "base/digest.h"

namespace wasm_server {

inline constexpr std::size_t kSealBytes = 36;
using Seal = std::array<char, kSealBytes>;

// AES-256-GMAC (NIST SP 800-38D: GCM without plaintext) of `name` and `content` under `key`, with a
// fresh random nonce. Chosen over HMAC because the first call of a module after a start waits for
// it: gigabytes per second instead of hundreds of megabytes. Empty when the cryptographic library
// fails.
std::optional<Seal> make_seal(const Digest& key, std::string_view name, std::string_view content);

// Whether `seal` was made by make_seal for exactly these.
bool check_seal(const Digest& key, std::string_view name, std::string_view content,
                std::string_view seal);

}  // namespace wasm_server

#pragma once

// The trailer that authenticates an artefact (compile/artefacts.h says what it is for).

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include "base/digest.h"

struct evp_cipher_ctx_st;

namespace wasm_server {

inline constexpr std::size_t kSealBytes = 36;
using Seal = std::array<char, kSealBytes>;

// AES-256-GMAC (NIST SP 800-38D: GCM without plaintext) of `name` and `content` under `key`, with a
// fresh random nonce. Chosen over HMAC because the first call of a module after a start waits for
// it: gigabytes per second instead of hundreds of megabytes. Empty when the cryptographic library
// fails.
std::optional<Seal> make_seal(const Digest& key, std::string_view name, std::string_view content);

// Has the cryptographic library load what it needs for the first seal of a process, which takes
// about half a millisecond.
void warm_up_seals();

// Checks a seal while the content is read piece by piece.
class SealCheck {
 public:
  SealCheck(const Digest& key, std::string_view name, const Seal& seal);

  void add(std::string_view content);

  // Once, at the end: whether the seal was made by make_seal for exactly this name and content.
  bool holds();

 private:
  const Seal seal_;
  std::unique_ptr<evp_cipher_ctx_st, void (*)(evp_cipher_ctx_st*)> context_;
  bool ok_;
};

}  // namespace wasm_server

#include "engine/artefact_seal.h"

#include <algorithm>
#include <climits>
#include <cstring>
#include <memory>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

namespace wasm_server {

namespace {

constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;
constexpr std::string_view kMagic = "WSRVART1";
static_assert(kNonceBytes + kTagBytes + kMagic.size() == kSealBytes);

using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;
using Tag = std::array<unsigned char, kTagBytes>;

bool authenticate(EVP_CIPHER_CTX* context, std::string_view data) {
  while (!data.empty()) {
    const auto piece = data.substr(0, INT_MAX);
    int ignored = 0;
    if (EVP_EncryptUpdate(context, nullptr, &ignored,
                          reinterpret_cast<const unsigned char*>(piece.data()),
                          static_cast<int>(piece.size())) != 1) {
      return false;
    }
    data.remove_prefix(piece.size());
  }
  return true;
}

std::optional<Tag> make_tag(const Digest& key, std::string_view nonce, std::string_view name,
                            std::string_view content) {
  const CipherContext context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  const auto* iv = reinterpret_cast<const unsigned char*>(nonce.data());
  Tag tag{};
  int ignored = 0;
  const bool ok =
      context != nullptr &&
      EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key.bytes.data(), iv) == 1 &&
      authenticate(context.get(), name) && authenticate(context.get(), content) &&
      EVP_EncryptFinal_ex(context.get(), tag.data(), &ignored) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, tag.data()) == 1;
  if (!ok) return std::nullopt;
  return tag;
}

}  // namespace

std::optional<Seal> make_seal(const Digest& key, std::string_view name, std::string_view content) {
  std::array<unsigned char, kNonceBytes> nonce{};
  if (RAND_bytes(nonce.data(), kNonceBytes) != 1) return std::nullopt;
  const std::string_view nonce_view(reinterpret_cast<const char*>(nonce.data()), kNonceBytes);
  const auto tag = make_tag(key, nonce_view, name, content);
  if (!tag) return std::nullopt;
  Seal seal{};
  auto place = std::ranges::copy(nonce_view, seal.begin()).out;
  std::memcpy(place, tag->data(), kTagBytes);
  std::ranges::copy(kMagic, place + kTagBytes);
  return seal;
}

bool check_seal(const Digest& key, std::string_view name, std::string_view content,
                std::string_view seal) {
  if (seal.size() != kSealBytes || !seal.ends_with(kMagic)) return false;
  const auto tag = make_tag(key, seal.substr(0, kNonceBytes), name, content);
  return tag && CRYPTO_memcmp(tag->data(), seal.data() + kNonceBytes, kTagBytes) == 0;
}

}  // namespace wasm_server

#include "compile/artefact_seal.h"

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

using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, void (*)(EVP_CIPHER_CTX*)>;
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

// Fetched once: OpenSSL 3 looks algorithms up by name otherwise.
const EVP_CIPHER* cipher() {
  static const EVP_CIPHER* const fetched = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  return fetched;
}

bool start(EVP_CIPHER_CTX* context, const Digest& key, std::string_view nonce) {
  const auto* iv = reinterpret_cast<const unsigned char*>(nonce.data());
  return context != nullptr &&
         EVP_EncryptInit_ex2(context, cipher(), key.bytes.data(), iv, nullptr) == 1;
}

bool take_tag(EVP_CIPHER_CTX* context, Tag& tag) {
  int ignored = 0;
  return EVP_EncryptFinal_ex(context, tag.data(), &ignored) == 1 &&
         EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, kTagBytes, tag.data()) == 1;
}

}  // namespace

std::optional<Seal> make_seal(const Digest& key, std::string_view name, std::string_view content) {
  std::array<unsigned char, kNonceBytes> nonce{};
  if (RAND_bytes(nonce.data(), kNonceBytes) != 1) return std::nullopt;
  const std::string_view nonce_view(reinterpret_cast<const char*>(nonce.data()), kNonceBytes);
  const CipherContext context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  Tag tag{};
  const bool ok = start(context.get(), key, nonce_view) && authenticate(context.get(), name) &&
                  authenticate(context.get(), content) && take_tag(context.get(), tag);
  if (!ok) return std::nullopt;
  Seal seal{};
  auto place = std::ranges::copy(nonce_view, seal.begin()).out;
  std::memcpy(place, tag.data(), kTagBytes);
  std::ranges::copy(kMagic, place + kTagBytes);
  return seal;
}

void warm_up_seals() { make_seal({}, {}, {}); }

SealCheck::SealCheck(const Digest& key, std::string_view name, const Seal& seal)
    : seal_(seal), context_(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free) {
  const std::string_view view(seal_.data(), seal_.size());
  ok_ = view.ends_with(kMagic) && start(context_.get(), key, view.substr(0, kNonceBytes)) &&
        authenticate(context_.get(), name);
}

void SealCheck::add(std::string_view content) {
  ok_ = ok_ && authenticate(context_.get(), content);
}

bool SealCheck::holds() {
  Tag tag{};
  return ok_ && take_tag(context_.get(), tag) &&
         CRYPTO_memcmp(tag.data(), seal_.data() + kNonceBytes, kTagBytes) == 0;
}

}  // namespace wasm_server

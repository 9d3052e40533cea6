#include "base/aead.h"

#include <memory>
#include <stdexcept>

#include <openssl/evp.h>

#include "base/random.h"

namespace wasm_server {
namespace {

constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;

using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

void require(bool done) {
  if (!done) throw std::runtime_error("OpenSSL cannot encrypt");
}

Context new_context() {
  Context context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  require(context != nullptr);
  return context;
}

}  // namespace

std::string seal(const AeadKey& key, std::string_view associated, std::string_view text) {
  const Context context = new_context();
  std::string sealed(kNonceBytes + text.size() + kTagBytes, '\0');
  fill_random(sealed.data(), kNonceBytes);
  unsigned char* const out = bytes_of(sealed) + kNonceBytes;
  int length = 0;
  require(EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key.data(),
                             bytes_of(sealed)) == 1);
  require(EVP_EncryptUpdate(context.get(), nullptr, &length, bytes_of(associated),
                            static_cast<int>(associated.size())) == 1);
  require(EVP_EncryptUpdate(context.get(), out, &length, bytes_of(text),
                            static_cast<int>(text.size())) == 1);
  require(EVP_EncryptFinal_ex(context.get(), out + length, &length) == 1);
  require(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, out + text.size()) ==
          1);
  return sealed;
}

std::optional<std::string> unseal(const AeadKey& key, std::string_view associated,
                                  std::string_view sealed) {
  if (sealed.size() < kNonceBytes + kTagBytes) return std::nullopt;
  const Context context = new_context();
  const std::string_view body = sealed.substr(kNonceBytes, sealed.size() - kNonceBytes - kTagBytes);
  std::string tag(sealed.substr(sealed.size() - kTagBytes));
  std::string text(body.size(), '\0');
  int length = 0;
  require(EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key.data(),
                             bytes_of(sealed)) == 1);
  require(EVP_DecryptUpdate(context.get(), nullptr, &length, bytes_of(associated),
                            static_cast<int>(associated.size())) == 1);
  require(EVP_DecryptUpdate(context.get(), bytes_of(text), &length, bytes_of(body),
                            static_cast<int>(body.size())) == 1);
  require(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data()) == 1);
  if (EVP_DecryptFinal_ex(context.get(), bytes_of(text) + length, &length) != 1)
    return std::nullopt;
  return text;
}

}  // namespace wasm_server

#include "base/digest.h"

#include <memory>
#include <stdexcept>

#include <openssl/evp.h>

#include "base/text.h"

namespace wasm_server {
namespace {

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

// Fetched once: OpenSSL 3 looks algorithms up by name otherwise, which costs more than hashing a
// small module.
const EVP_MD* sha256_algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return algorithm;
}

EVP_MD_CTX* thread_context() {
  thread_local const std::unique_ptr<EVP_MD_CTX, FreeContext> context{EVP_MD_CTX_new()};
  return context.get();
}

}  // namespace

Digest sha256(std::string_view data) {
  Digest digest;
  EVP_MD_CTX* context = thread_context();
  if (context == nullptr || EVP_DigestInit_ex2(context, sha256_algorithm(), nullptr) != 1 ||
      EVP_DigestUpdate(context, data.data(), data.size()) != 1 ||
      EVP_DigestFinal_ex(context, digest.bytes.data(), nullptr) != 1) {
    throw std::runtime_error("OpenSSL cannot compute SHA-256");
  }
  return digest;
}

std::string to_hex(const Digest& digest) {
  std::string text;
  append_hex(text, digest.bytes);
  return text;
}

std::optional<Digest> digest_from_hex(std::string_view hex) {
  Digest digest;
  if (!decode_hex(hex, digest.bytes)) return std::nullopt;
  return digest;
}

}  // namespace wasm_server

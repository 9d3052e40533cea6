#include "base/sha256.h"

#include <stdexcept>

#include <openssl/evp.h>

namespace wasm_server {
namespace {

void check(int done) {
  if (done != 1) throw std::runtime_error("SHA-256 failed");
}

}  // namespace

struct Sha256::Context {
  Context() { begin(); }
  ~Context() { EVP_MD_CTX_free(context); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  void begin() const { check(EVP_DigestInit_ex2(context, EVP_sha256(), nullptr)); }

  EVP_MD_CTX* const context = EVP_MD_CTX_new();
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::string_view bytes) {
  check(EVP_DigestUpdate(context_->context, bytes.data(), bytes.size()));
}

Digest Sha256::finish() {
  Digest digest;
  check(EVP_DigestFinal_ex(context_->context, digest.bytes.data(), nullptr));
  context_->begin();
  return digest;
}

}  // namespace wasm_server

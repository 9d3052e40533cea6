#pragma once

#include <memory>
#include <string_view>

#include "base/digest.h"

namespace wasm_server {

// sha256() of bytes that come in pieces. Belongs to one thread. Throws std::runtime_error when the
// library fails.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(std::string_view bytes);
  // Of all since the last one.
  Digest finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace wasm_server

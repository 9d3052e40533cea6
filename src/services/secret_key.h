#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "base/aead.h"
#include "base/result.h"

namespace wasm_server {

// What guests' secrets are sealed with: 64 hexadecimal digits in a file. Without it the database
// and its backups give none of them away.
struct SecretKey {
  AeadKey key;
  std::uint64_t id;  // of its hash

  // Empty when there is no such file. kInternal, with a line for the operator, when it is no key or
  // others may read it.
  static Result<std::optional<SecretKey>> read(const std::filesystem::path& file);
  // Makes the file, mode 0600, durably. kInternal or kStorageFull when that cannot be.
  static Result<SecretKey> make(const std::filesystem::path& file);
};

}  // namespace wasm_server

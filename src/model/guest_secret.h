#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/time.h"

namespace wasm_server {

// A value for guests' environments, as it is stored: sealed (base/aead.h) for its name.
struct GuestSecret {
  std::string name;
  std::uint64_t key_id = 0;  // of the key that it is sealed with
  Bytes sealed;
  UnixMillis created_at = 0;
  UnixMillis updated_at = 0;

  friend bool operator==(const GuestSecret&, const GuestSecret&) = default;
};

}  // namespace wasm_server

#pragma once

// The two operations of a write transaction. Included in the store's own sources only.

#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/digest.h"

namespace wasm_server {

// An operation with all that is needed to do it, later or again.
struct Operation {
  enum class Kind : std::uint8_t { kPut, kErase };

  Kind kind = Kind::kPut;
  std::string id;
  std::string record{};  // kPut: encoded
  Digest digest{};       // kPut: of the code
  SharedBytes code{};    // kPut: may be null when the blob is there
};

using SharedOperation = std::shared_ptr<const Operation>;

}  // namespace wasm_server

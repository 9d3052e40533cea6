#pragma once

// The two operations of a write transaction. Included in the store's own sources only.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/digest.h"
#include "store/code_file.h"
#include "store/wasm_storage.h"

namespace wasm_server {

// An operation with all that is needed to do it, later or again.
struct Operation {
  enum class Kind : std::uint8_t { kPut, kErase };

  Kind kind = Kind::kPut;
  std::string id;
  std::uint64_t revision = 1;  // kPut
  std::string record{};        // kPut: encoded
  Digest digest{};             // kPut: of the code
  SharedBytes code{};          // kPut: may be null when the blob is there, or when it has a place
  std::optional<CodePlace> place{};  // kPut: in the code file
};

using SharedOperation = std::shared_ptr<const Operation>;

// Of its record, and of the code that it has itself.
std::size_t content_bytes(const Operation& operation);

// A kPut without its code.
Operation put_of(const WasmMetaData& meta_data);

}  // namespace wasm_server

#pragma once

#include <cstdint>

#include "base/digest.h"
#include "base/result.h"
#include "store/batch.h"

namespace wasm_server {

// What is added where some records cannot be read: that code is never freed, rather than too early.
inline constexpr std::uint64_t kUnknownReferences = std::uint64_t{1} << 32;

// How many revisions have this code, current and superseded, by their own records and as the batch
// leaves them. Reads all records, for when the reference that counts them cannot be read any more.
Result<std::uint64_t> count_references(const Batch& batch, const Digest& digest);

}  // namespace wasm_server

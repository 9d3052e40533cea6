#pragma once

// What modules take, counted as StoredAmount says.

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "model/quota.h"
#include "store/kv.h"

namespace wasm_server {

// Of one revision: `new_code` bytes of code that the revision beside it has not.
inline std::int64_t stored_bytes(std::uint64_t record, std::uint64_t new_code) {
  return static_cast<std::int64_t>(record + new_code);
}

// Of all modules whose ids begin so, as they are committed. Goes through their records: some
// hundred milliseconds for 100,000. Records that cannot be read are left out, and logged.
Result<StoredAmount> stored_under(const Store& store, std::string_view prefix);

}  // namespace wasm_server

#pragma once

#include <string>

#include "base/result.h"
#include "store/kv.h"

namespace wasm_server {

// 32 random bytes, made once for this database, at the first call; they authenticate files that the
// server keeps beside it. For the thread that writes.
Result<std::string> load_secret(Store& store);

}  // namespace wasm_server

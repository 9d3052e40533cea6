#pragma once

#include "base/digest.h"
#include "store/store.h"

namespace wasm_server {

// Whether what was made of that code is kept: also when the store cannot tell.
inline bool may_be_stored(Store& store, const Digest& digest) {
  const auto has = store.has_blob(digest);
  return !has || *has;
}

}  // namespace wasm_server

#pragma once

#include "base/digest.h"
#include "store/module_repository.h"

namespace wasm_server {

// Whether what was made of that code is kept: also when the store cannot tell.
inline bool may_be_stored(const ModuleRepository& store, const Digest& digest) {
  const auto has = store.has_code(digest);
  return !has || *has;
}

}  // namespace wasm_server

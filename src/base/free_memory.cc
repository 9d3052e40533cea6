#include "base/free_memory.h"

// Of mimalloc, which the program is linked with, except under sanitizers: they bring their own
// allocators.
extern "C" [[gnu::weak]] void mi_collect(bool force) noexcept;

namespace wasm_server {

void release_free_memory() {
  if (mi_collect != nullptr) mi_collect(true);
}

}  // namespace wasm_server

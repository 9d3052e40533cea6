#include "base/free_memory.h"

// mimalloc's, where the program is linked with it; builds with sanitizers have allocators of their
// own.
extern "C" [[gnu::weak]] void mi_collect(bool force) noexcept;

namespace wasm_server {

void give_back_free_memory() {
  if (mi_collect != nullptr) mi_collect(true);
}

}  // namespace wasm_server

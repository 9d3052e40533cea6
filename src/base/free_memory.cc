#include "base/free_memory.h"

#include <mimalloc.h>

// The program is linked with mimalloc, except under sanitizers: they bring their own allocators.
extern "C" [[gnu::weak]] void mi_collect(bool force) noexcept;
extern "C" [[gnu::weak]] void mi_option_set(mi_option_t option, long value);

namespace wasm_server {

void release_free_memory() {
  if (mi_collect != nullptr) mi_collect(true);
}

// By itself it is half a second. With none at all saves of 100 KB take 4 % longer.
void keep_little_free_memory() {
  constexpr long kMillis = 50;
  if (mi_option_set != nullptr) mi_option_set(mi_option_segment_decommit_delay, kMillis);
}

}  // namespace wasm_server

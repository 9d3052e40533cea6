#pragma once

#ifdef __SANITIZE_THREAD__
#include <atomic>
#endif

namespace wasm_server {

// The memory of one call becomes that of another one under a lock of the engine's own, which
// ThreadSanitizer does not see because the engine is not instrumented. These tell it: before a call
// is deleted, and before the host touches a guest's memory. In other builds they do nothing.
#ifdef __SANITIZE_THREAD__
inline std::atomic<unsigned> slots_released{0};

inline void slot_released() { slots_released.fetch_add(1, std::memory_order_acq_rel); }
inline void slot_taken() { slots_released.load(std::memory_order_acquire); }
#else
inline void slot_released() {}
inline void slot_taken() {}
#endif

}  // namespace wasm_server

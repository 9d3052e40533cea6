#pragma once

namespace wasm_server {

// Gives the memory that the calling thread has freed, and that others have freed for it, back to
// the system. The allocator (mimalloc) does so by itself when the thread allocates again, which one
// that seldom works may not do for days. Takes milliseconds after much was freed; without mimalloc
// it does nothing.
void give_back_free_memory();

}  // namespace wasm_server

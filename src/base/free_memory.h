#pragma once

namespace wasm_server {

// Returns memory that the calling thread, or another one for it, has freed to the system. The
// allocator (mimalloc) does so by itself, but only when the thread allocates again, and a thread
// that is seldom used may not do that for days. Takes milliseconds when much was freed. Does
// nothing without mimalloc.
void release_free_memory();

// From now on the allocator keeps no memory that was freed for longer than some tens of
// milliseconds: what it keeps is counted by nobody, and may be some hundred megabytes after large
// answers. At the start of the process.
void keep_little_free_memory();

}  // namespace wasm_server

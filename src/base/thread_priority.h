#pragma once

namespace wasm_server {

// For the calling thread, for good: it makes way for the threads that serve requests, but goes on
// when they keep the machine busy, at about a tenth of a core's time against one of them. Not less,
// because it may hold a lock that one of them needs next.
void lower_own_priority();

}  // namespace wasm_server

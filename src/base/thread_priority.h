#pragma once

namespace wasm_server {

// For the calling thread, for good: it makes way for the threads that serve requests, but goes on
// when they keep the machine busy, at about a tenth of a core's time against one of them. Not less,
// because it may hold a lock that one of them needs next. Its turns are as short as the scheduler
// makes them (0.1 ms, from Linux 6.12 on; older ones ignore that): after that whoever wakes may
// take its core.
void lower_own_priority();

}  // namespace wasm_server

#pragma once

namespace wasm_server {

// Lowers the calling thread's priority for good. It makes way for the threads that serve requests,
// but gets about a tenth of a core when one of them keeps that busy. It must not get less, because
// it may hold a lock that such a thread needs next. Its time slice is the scheduler's shortest
// (0.1 ms, from Linux 6.12 on; older kernels ignore it): after that, a waking thread may take its
// core.
void lower_own_priority();

}  // namespace wasm_server

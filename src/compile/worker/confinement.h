#pragma once

#include <cstdint>

namespace wasm_server {

// What a compile worker takes away from itself before it sees any client's bytes. Of the process,
// for good; main thread, before there are others.

// It ends with the process `server` (which must be its parent), gets no privileges, leaves no core
// file, opens no more than a few files, and is the first that the kernel ends where memory runs
// out. False when the server is gone already.
bool confine(std::uint32_t server);

// No more than `bytes` of memory beyond what it has now. When an allocation fails it ends at once
// with kOutOfMemoryStatus.
void limit_memory(std::uint64_t bytes);
inline constexpr int kOutOfMemoryStatus = 86;

// What a worker's work is to the machine.
enum class Urgency : std::uint8_t {
  kCallWaits,    // an execution waits for it
  kUploadWaits,  // an upload, and a large one
  kNobodyWaits,
};

// Makes way for the server's threads and everybody else on the machine: nice 10 where a call waits,
// SCHED_IDLE for an upload, or else nice 19. The process is a session of its own, and so a
// scheduling group of its own where the kernel makes one of each (autogroup). That group has a nice
// value too, or its share would be as large as the server's, whatever the threads in it have: 5
// where a call waits, which is a quarter of a core that one other group keeps busy, or 15 for an
// upload, or else 10, a tenth. False when that group could not be changed yet: unprivileged
// processes may do so once in 100 ms, all together. Call it again, then.
bool make_way(Urgency urgency);

}  // namespace wasm_server

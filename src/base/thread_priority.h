#pragma once

#include <cstdint>

namespace wasm_server {

// Below the threads that serve requests.
enum class Priority : std::uint8_t {
  kBackground,  // work that somebody waits for: goes on, slowly, when the machine is busy
  kIdle,        // only what nobody else has a use for
};

// Of the calling thread, for good. Without effect where the kernel does not allow it.
void set_own_priority(Priority priority);

}  // namespace wasm_server

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace wasm_server {

// From the kernel's generator. Throws std::system_error when that fails. Safe from any thread.
void fill_random(void* out, std::size_t size);

// Cheap: taken from a buffer of the calling thread.
std::uint64_t random_u64();

}  // namespace wasm_server

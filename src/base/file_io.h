#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace wasm_server {

// All of it, however many calls that takes. False when that cannot be, and errno says why; EIO when
// the file ends before. Safe from any thread.
bool read_at(int file, std::uint64_t offset, std::span<char> out);
bool write_at(int file, std::uint64_t offset, std::string_view bytes);

}  // namespace wasm_server

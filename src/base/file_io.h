#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace wasm_server {

// Reads or writes all of the bytes, in as many system calls as that takes. False on failure, and
// errno says why: EIO when the file ends too early. Safe from any thread.
bool read_at(int file, std::uint64_t offset, std::span<char> out);
bool write_at(int file, std::uint64_t offset, std::string_view bytes);

}  // namespace wasm_server

#pragma once

#include <cstdint>
#include <filesystem>

namespace wasm_server {

// How much memory this process can have before the kernel ends it: the machine's, or what the least
// of its control group and that one's ancestors allows, of version 1 and 2. `root` is where the
// system's files lie, for tests. 0 when nothing can be read.
std::uint64_t memory_limit(const std::filesystem::path& root = "/");

}  // namespace wasm_server

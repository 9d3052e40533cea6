#pragma once

#include <cstdint>

namespace wasm_server {

struct LmdbSettings {
  // What the database may hold: live pages, in bytes. Beyond it writes fail with kStorageFull,
  // deletes still work. The file can be a sixteenth larger, because pages that a delete frees are
  // kept for later writes.
  std::uint64_t max_bytes = 64ULL << 30;

  // Reads at the same time; more wait for one to end.
  unsigned max_readers = 126;
};

}  // namespace wasm_server

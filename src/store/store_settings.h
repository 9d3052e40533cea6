#pragma once

#include <cstdint>
#include <limits>

namespace wasm_server {

// For who opens a store only for its care: how much it may hold is for its server to say.
inline constexpr std::uint64_t kAnyBytes = std::numeric_limits<std::uint64_t>::max() / 2;

struct StoreSettings {
  // What may be stored: keys, values, and blobs as whole blocks. Beyond it writes fail with
  // kStorageFull, deletes still work. On disk it takes somewhat more, until what was deleted or
  // replaced is compacted.
  std::uint64_t max_bytes = 64ULL << 30;

  // Blocks of tables that are kept in memory.
  std::uint64_t cache_bytes = 64ULL << 20;

  // Kept on the disk for what frees space (store/space_reserve.h).
  std::uint64_t reserve_bytes = 64ULL << 20;

  // Of the write-ahead log, and about of the tables in memory that it is for: what a start after a
  // crash replays.
  std::uint64_t log_bytes = 32ULL << 20;
};

}  // namespace wasm_server

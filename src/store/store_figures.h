#pragma once

#include <cstdint>

namespace wasm_server {

// How a store stands, for who watches it. What the database cannot tell is 0.
struct StoreFigures {
  std::uint64_t stored_bytes = 0;           // of keys, values and blobs: what Store::usage() counts
  std::uint64_t log_bytes = 0;              // the database's log, which a start reads
  std::uint64_t memtable_bytes = 0;         // written since, in memory
  std::uint64_t table_bytes = 0;            // the database's table files
  std::uint64_t compaction_debt_bytes = 0;  // that compactions have still to rewrite
  std::uint64_t flushes = 0;                // since the start, as compactions
  std::uint64_t compactions = 0;
};

}  // namespace wasm_server

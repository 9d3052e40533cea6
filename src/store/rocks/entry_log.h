#pragma once

#include <cstdint>

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include "base/result.h"
#include "store/kv.h"

namespace wasm_server {

// Entries of a log as RocksDB's log data: a part of the record that a batch is in the write-ahead
// log, synced with it, and of nothing else; no table has them, and no compaction sees them. They
// are there as long as the file is, which is until all tables of its batches are written out.

// Behind the mark with which a batch begins (RocksDatabase::begin()).
void put_entry(rocksdb::WriteBatch& batch, const Entry& entry);

struct EntryRange {
  std::uint64_t from;
  std::uint64_t last;  // that was applied
};
// As Store::read_entries(). Reads the log from its begin.
Result<void> read_entries(rocksdb::DB& database, EntryRange range, const Store::VisitEntry& visit);

}  // namespace wasm_server

#pragma once

#include <filesystem>

#include "base/result.h"
#include "store/rocks/wal_list.h"

namespace wasm_server {

// Before RocksDB reads the log. A loss of power while a batch is written leaves it torn, sector by
// sector; it was not answered, because an answer waits for the sync, and the next batch for the
// answer. So what cannot be read at the log's end is cut off when no batch with a greater sequence
// number stands anywhere behind. If one does, or the numbers have a gap, batches that were answered
// are lost: kInternal, with a line for the operator, and nothing is changed. So they are when the
// log was closed, as after every stop that was no crash: all in it was answered.
// RocksDB's own modes of recovery either refuse what is torn, or take damage for it and drop what
// follows without a word; zeroes where a record begins are the log's end for all of them.
// Every batch begins with the database's mark; what has another was put there from another
// database.
Result<void> mend_wal(const std::filesystem::path& database, const DatabaseMark& mark,
                      WalList& list);

}  // namespace wasm_server

#pragma once

#include <memory>

#include <rocksdb/env.h>
#include <rocksdb/listener.h>

#include "store/rocks/rocks_database.h"

namespace wasm_server {

// Tells `health` what RocksDB's background work meets. Its own attempts to go on are switched off:
// whoever writes next tries. A table whose files are damaged is not compacted any more, and all
// else goes on; `compaction` outlives the database.
std::shared_ptr<rocksdb::EventListener> make_listener(std::shared_ptr<RocksDatabase::Health> health,
                                                      CompactionStop& compaction);

// RocksDB's warnings and errors as lines of our log.
std::shared_ptr<rocksdb::Logger> make_logger();

}  // namespace wasm_server

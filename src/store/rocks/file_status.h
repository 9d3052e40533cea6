#pragma once

#include <rocksdb/io_status.h>

namespace wasm_server {

// A system's error as RocksDB has it: no room, or an I/O error.
rocksdb::IOStatus io_failed(int error, const char* doing);

}  // namespace wasm_server

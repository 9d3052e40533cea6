#pragma once

#include <string_view>

#include <rocksdb/status.h>

#include "base/result.h"

namespace wasm_server {

// As disk_error(), for what RocksDB returns.
std::unexpected<Error> rocks_error(const rocksdb::Status& status, std::string_view doing);

}  // namespace wasm_server

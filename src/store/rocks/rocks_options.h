#pragma once

#include <memory>

#include <rocksdb/options.h>

#include "store/kv.h"
#include "store/store_settings.h"

namespace wasm_server {

// RocksDB as this store uses it: one writer whose every batch is synced, two background threads,
// memory bounded by the settings, nothing printed or measured on its own.
rocksdb::DBOptions database_options(const StoreSettings& settings);

// `cache` is shared by all tables.
rocksdb::ColumnFamilyOptions table_options(Table table, const StoreSettings& settings,
                                           const std::shared_ptr<rocksdb::Cache>& cache);

// The settings with files no longer than the process may write: RLIMIT_FSIZE.
StoreSettings within_file_limit(StoreSettings settings);

}  // namespace wasm_server

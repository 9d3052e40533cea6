#include "store/rocks/rocks_options.h"

#include <sys/resource.h>

#include <algorithm>
#include <cstdint>
#include <limits>

#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

namespace wasm_server {
namespace {

constexpr std::uint64_t kTableFile = 64ULL << 20;
constexpr double kFilterBitsPerKey = 10;  // 1 % of the looks for what is not there read a block

// What every save looks for and, mostly, does not find.
bool is_looked_up(Table table) { return table == Table::kModules || table == Table::kReferences; }

}  // namespace

rocksdb::DBOptions database_options(const StoreSettings& settings) {
  rocksdb::DBOptions options;
  options.create_missing_column_families = true;  // tables that came with a newer version
  options.avoid_flush_during_recovery = true;     // a start reads the log, and writes little
  options.max_background_jobs = 2;
  options.max_total_wal_size = settings.log_bytes;
  options.db_write_buffer_size = 2 * settings.log_bytes;
  options.max_manifest_file_size = 16U << 20;
  options.max_open_files = 512;  // connections and compiled modules need descriptors too
  options.bytes_per_sync = 1U << 20;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.skip_stats_update_on_db_open = true;
  options.avoid_unnecessary_blocking_io = true;  // a reader on a worker deletes no files
  // One writer: nothing to divide, nobody to wait for.
  options.allow_concurrent_memtable_write = false;
  options.enable_write_thread_adaptive_yield = false;
  // What is torn was cut off before (store/rocks/wal_check.h): all else is damage.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kAbsoluteConsistency;
  options.track_and_verify_wals_in_manifest = true;
  options.write_dbid_to_manifest = true;
  options.verify_sst_unique_id_in_manifest = true;
  options.max_bgerror_resume_count = 0;  // after a failed write only a restart knows what is there
  return options;
}

rocksdb::ColumnFamilyOptions table_options(Table table, const StoreSettings& settings,
                                           const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::BlockBasedTableOptions blocks;
  blocks.block_cache = cache;
  blocks.cache_index_and_filter_blocks = true;
  blocks.cache_index_and_filter_blocks_with_high_priority = true;
  blocks.pin_l0_filter_and_index_blocks_in_cache = true;
  blocks.checksum = rocksdb::kXXH3;
  blocks.format_version = 5;
  blocks.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kFilterBitsPerKey));

  rocksdb::ColumnFamilyOptions options;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(blocks));
  options.compression = rocksdb::kNoCompression;
  options.write_buffer_size = settings.log_bytes;  // the log's size says when they are written out
  options.target_file_size_base = std::min(kTableFile, 2 * settings.log_bytes);
  options.level_compaction_dynamic_level_bytes = true;
  // Writes are slowed down where compaction lags behind, but never wait for it: that of a damaged
  // table does not come (CompactionStop).
  options.level0_stop_writes_trigger = std::numeric_limits<int>::max();
  options.hard_pending_compaction_bytes_limit = 0;
  if (is_looked_up(table)) {
    options.memtable_whole_key_filtering = true;
    options.memtable_prefix_bloom_size_ratio = 0.02;
  }
  return options;
}

StoreSettings within_file_limit(StoreSettings settings) {
  rlimit limit{};
  if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return settings;
  settings.log_bytes = std::min<std::uint64_t>(settings.log_bytes, limit.rlim_cur / 4);
  settings.reserve_bytes = std::min<std::uint64_t>(settings.reserve_bytes, limit.rlim_cur);
  return settings;
}

}  // namespace wasm_server

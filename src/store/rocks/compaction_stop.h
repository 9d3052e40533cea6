#pragma once

#include <condition_variable>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <rocksdb/db.h>

namespace wasm_server {

// Switches the compaction of tables off whose files are damaged: each attempt would fail at the
// same block, and RocksDB tries again every second. What they hold can still be read, but for that
// block, and written, into further files. The next start tries anew. There is no thread until a
// table is damaged. Safe from any thread.
class CompactionStop {
 public:
  CompactionStop() = default;
  ~CompactionStop() { end(); }
  CompactionStop(const CompactionStop&) = delete;
  CompactionStop& operator=(const CompactionStop&) = delete;

  // From one of RocksDB's own threads, which must not change its options: a thread of ours does, as
  // soon as the database is open. False when that cannot be.
  bool request(const std::string& table) noexcept;

  // What is open now; both outlive this, or end().
  void use(rocksdb::DB& database, std::vector<rocksdb::ColumnFamilyHandle*> tables);
  // Before they are closed: a compaction may fail until then, and its request does nothing.
  void end();

 private:
  void run(const std::stop_token& stop);
  void switch_off(const std::string& table) const;

  std::mutex mutex_;
  std::condition_variable_any changed_;
  // This and all below: guarded by mutex_.
  std::set<std::string> requested_;  // ever
  std::vector<std::string> waiting_;
  rocksdb::DB* database_ = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> tables_;
  bool ended_ = false;
  std::jthread thread_;
};

}  // namespace wasm_server

#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <rocksdb/db.h>
#include <rocksdb/env.h>

#include "base/result.h"
#include "store/kv.h"
#include "store/rocks/compaction_stop.h"
#include "store/rocks/wal_file_system.h"
#include "store/store_settings.h"

namespace wasm_server {

// A RocksDB database with one column family a table: opened, and kept from hiding a failure.
class RocksDatabase {
 public:
  // What its background work has met.
  struct Health {
    std::atomic<bool> failed{false};  // not for lack of room: no more writes are taken
    std::atomic<bool> full{false};    // it goes on after resume()
    std::atomic<std::uint64_t> flushes{0};
    std::atomic<std::uint64_t> compactions{0};
  };

  // Opens the database in that directory, or makes it when there is no such directory. A crash
  // while it is made leaves none; one that lost a part of its own is never taken for a new one. The
  // log is checked and mended before (store/rocks/wal_check.h).
  // `make_room`: see WalFileSystem.
  static Result<std::unique_ptr<RocksDatabase>> open(
      const std::filesystem::path& path, const StoreSettings& settings,
      TableFile::MakeRoom make_room = [] { return false; });
  ~RocksDatabase();
  RocksDatabase(const RocksDatabase&) = delete;
  RocksDatabase& operator=(const RocksDatabase&) = delete;

  // Safe from any thread.
  rocksdb::DB& db() const { return *db_; }
  rocksdb::ColumnFamilyHandle* handle(Table table) const;
  Result<bool> get(const rocksdb::ReadOptions& options, Table table, std::string_view key,
                   std::string& value) const;
  const DatabaseMark& mark() const { return mark_; }
  bool failed() const { return health_->failed.load(std::memory_order_relaxed); }
  void fail() { health_->failed.store(true, std::memory_order_relaxed); }

  // All but `stored_bytes`.
  StoreFigures figures() const;

  // Rewrites every table without what was superseded.
  Result<void> compact();

  // --- One thread at a time

  // There is room again, as far as is known: the next write need not wait.
  void has_room() { resumed_.reset(); }
  // A batch that begin() began: all of it, durably. kStorageFull when there is no room: nothing of
  // it is stored, and a later one is tried. After another failure the database has failed().
  rocksdb::WriteBatch begin() const;
  Result<void> write(rocksdb::WriteBatch& batch);

 private:
  RocksDatabase(const std::filesystem::path& path, TableFile::MakeRoom make_room)
      : files_(std::make_shared<WalFileSystem>(path, std::move(make_room))) {}
  Result<void> open_in(const std::filesystem::path& path, const StoreSettings& settings,
                       bool create);
  void close();
  Result<void> resume();

  const std::shared_ptr<Health> health_ = std::make_shared<Health>();
  const std::shared_ptr<WalFileSystem> files_;
  const std::unique_ptr<rocksdb::Env> env_ = rocksdb::NewCompositeEnv(files_);
  CompactionStop compaction_;
  std::unique_ptr<rocksdb::DB> db_;
  std::array<rocksdb::ColumnFamilyHandle*, kTables> tables_{};
  DatabaseMark mark_;
  // Of the writing thread: when it was last tried to write again.
  std::optional<std::chrono::steady_clock::time_point> resumed_;
};

}  // namespace wasm_server

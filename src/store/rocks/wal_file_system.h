#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include <rocksdb/file_system.h>

#include "base/descriptor.h"
#include "store/preallocation.h"
#include "store/rocks/table_file.h"
#include "store/rocks/wal_list.h"

namespace wasm_server {

class WalFile;

// The system's files, but for the write-ahead log, whose files have their blocks before they are
// written (store/preallocation.h): a commit's sync is then one transfer to the disk, and whether
// there is room for a batch is known before any of it is written. What is behind the log's end
// reads as zeroes after a crash (store/rocks/wal_check.h). Each is listed with its length
// (store/rocks/wal_list.h).
// And but for the files in which RocksDB keeps its options for tools, which are not made. Nothing
// reads them here, since the program says what the options are; writing and parsing one again after
// each change took nine tenths of the time of an opening.
class WalFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  // Of the database in that directory. `make_room` is asked when the disk is too full for what
  // RocksDB writes (store/rocks/table_file.h), by any thread.
  WalFileSystem(std::filesystem::path database, TableFile::MakeRoom make_room)
      : FileSystemWrapper(rocksdb::FileSystem::Default()),
        database_(std::move(database)),
        make_room_(std::move(make_room)) {}

  // Before the database is opened, unless it is new.
  void use(std::unique_ptr<WalList> list) { list_ = std::move(list); }

  const char* Name() const override { return "WalFileSystem"; }
  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;

  rocksdb::IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;

  // Before a batch of that many bytes is written. 0, or the system's error when there is no room.
  int reserve(std::uint64_t bytes);

  // Whether a write or sync of the log has failed: RocksDB must not write any more then.
  bool log_failed() const { return log_failed_; }

 private:
  friend class WalFile;
  Descriptor make_file(const std::string& path) const;
  int open_list();
  void closed(const WalFile* file);

  const std::filesystem::path database_;
  const TableFile::MakeRoom make_room_;
  std::unique_ptr<WalList> list_;
  std::atomic<bool> log_failed_{false};

  std::mutex mutex_;
  WalFile* current_ = nullptr;  // guarded by mutex_: the log that is written to
};

}  // namespace wasm_server

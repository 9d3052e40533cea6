#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include <rocksdb/file_system.h>

#include "base/descriptor.h"

namespace wasm_server {

// A file that RocksDB writes on its own: a table, a manifest, and what names them. When the disk is
// full it goes on where it stopped if `make_room` has made some: what these files are written for
// is what frees space in the end, and RocksDB, whose records are then half in one file and half in
// another, does not get over every such failure.
class TableFile final : public rocksdb::FSWritableFile {
 public:
  using MakeRoom = std::function<bool()>;

  TableFile(Descriptor file, MakeRoom make_room)
      : file_(std::move(file)), make_room_(std::move(make_room)) {}

  using FSWritableFile::Append;
  rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions&,
                           rocksdb::IODebugContext*) override;
  rocksdb::IOStatus Sync(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override;
  rocksdb::IOStatus RangeSync(std::uint64_t offset, std::uint64_t bytes, const rocksdb::IOOptions&,
                              rocksdb::IODebugContext*) override;
  rocksdb::IOStatus Truncate(std::uint64_t size, const rocksdb::IOOptions&,
                             rocksdb::IODebugContext*) override;
  rocksdb::IOStatus Flush(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    return rocksdb::IOStatus::OK();
  }
  rocksdb::IOStatus Close(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    return rocksdb::IOStatus::OK();
  }
  bool IsSyncThreadSafe() const override { return true; }
  std::uint64_t GetFileSize(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    return size_;
  }
  void PrepareWrite(std::size_t, std::size_t, const rocksdb::IOOptions&,
                    rocksdb::IODebugContext*) override {}

 private:
  const Descriptor file_;
  const MakeRoom make_room_;
  std::uint64_t size_ = 0;
};

}  // namespace wasm_server

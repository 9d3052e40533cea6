#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "store/blobs/blob_store.h"
#include "store/data_directory.h"
#include "store/kv.h"
#include "store/rocks/rocks_database.h"
#include "store/space_reserve.h"
#include "store/store_settings.h"

namespace wasm_server {

// The store in RocksDB, with blobs in a file beside it:
//
//   db/      the database
//   blobs    the blob file
//   reserve  nothing, on blocks that are kept for a full disk
//
// A commit syncs the blobs that the batch brings and then writes all else of it as one synced
// record of the database's log. A crash at any moment leaves the last batch that was answered or,
// at most, one more. After a failure of another kind than lack of room it is not known what a disk
// will give back later: the store then refuses further writes until it is opened again; reads go
// on. One process per directory.
class RocksStore final : public Store {
 public:
  static Result<std::unique_ptr<RocksStore>> open(const std::filesystem::path& path,
                                                  const StoreSettings& settings);
  // See open_damaged_store().
  static Result<std::unique_ptr<RocksStore>> open_damaged(const std::filesystem::path& path);

  Result<bool> get(Table table, std::string_view key, std::string& value) const override;
  std::unique_ptr<Snapshot> snapshot() const override;
  std::unique_ptr<Cursor> scan(Table table, std::string_view from) const override;
  BlobStore& blobs() override { return *blobs_; }
  const BlobStore& blobs() const override { return *blobs_; }
  Result<void> commit(Batch& batch) override;
  bool failed() const override { return database_->failed(); }
  std::uint64_t sequence() const override { return sequence_.load(std::memory_order_acquire); }
  std::uint64_t applied() const override { return applied_.load(std::memory_order_acquire); }
  Result<void> read_entries(std::uint64_t from, const VisitEntry& visit) const override;
  Result<Usage> usage() const override;
  StoreFigures figures() const override;
  Result<void> compact() override;

 private:
  RocksStore(DataDirectory directory, std::unique_ptr<SpaceReserve> reserve,
             std::unique_ptr<RocksDatabase> database, std::uint64_t max_bytes);
  static Result<std::unique_ptr<RocksStore>> open_database(const std::filesystem::path& path,
                                                           const StoreSettings& settings);
  Result<void> read_state();
  Result<void> open_blob_file(const std::filesystem::path& path);
  Result<void> list_extents();
  Result<void> commit_with(Batch& batch, std::uint64_t applied);
  Result<void> write(const Batch& batch, std::uint64_t applied);

  const DataDirectory directory_;  // unlocked last
  const std::unique_ptr<SpaceReserve> reserve_;
  const std::unique_ptr<RocksDatabase> database_;
  const std::uint64_t max_bytes_;
  bool read_only_ = false;  // what the blob file holds is not known
  std::unique_ptr<BlobStore> blobs_;
  std::atomic<std::uint64_t> sequence_{0};
  std::atomic<std::uint64_t> applied_{0};
  std::atomic<std::uint64_t> bytes_{0};  // that are stored; written by the writing thread
};

}  // namespace wasm_server

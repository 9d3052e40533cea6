#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>

namespace wasm_server {

// The disk under one directory, as a test wants it to be. This program calls the
// functions of faulty_disk_test.cc in front of the C library's, whoever in it writes: the store,
// RocksDB, the C++ library. One at a time; made and told what to do while nothing writes.
class FaultyDisk {
 public:
  explicit FaultyDisk(const std::filesystem::path& directory);
  ~FaultyDisk();
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;

  enum class Fault : std::uint8_t {
    kFull,       // no more blocks and names from then on
    kErrorOnce,  // EIO
    kErrors,     // EIO from then on
  };
  // The writes, syncs, renames and so on are counted from 0 on, beginning now; that one fails.
  void fail_at(std::uint64_t operation, Fault fault);
  // Whether it has.
  bool has_failed() const;
  // Nothing can be read of files whose names end so (EIO), until heal().
  void fail_reads_of(std::string_view ending);
  void heal();

  // All files together get no more blocks than for so many bytes, until heal().
  void limit_space(std::uint64_t bytes);
  std::uint64_t used_space() const;

  // --- What a loss of power would leave

  // From now on: what is on the disk now is there for good; what comes is when it is synced.
  void record();
  // Called before each sync of a file or a directory, with all writers waiting.
  void before_sync(std::function<void()> look);
  // The directory as a loss of power would leave it now, into an empty one. With `seed` other than
  // 0 some sectors of what is not synced are there as well, others for each seed.
  void leave(const std::filesystem::path& image, unsigned seed = 0) const;
};

}  // namespace wasm_server

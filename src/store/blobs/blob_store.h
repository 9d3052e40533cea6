#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/descriptor.h"
#include "base/free_space.h"
#include "base/result.h"
#include "store/blobs/read_epochs.h"
#include "store/preallocation.h"

namespace wasm_server {

// A piece of the blob file.
struct Extent {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;

  friend bool operator==(const Extent&, const Extent&) = default;
};

// Where a blob lies, and what its bytes are checked against.
struct Blob {
  Extent extent{};
  std::vector<std::uint64_t> checksums{};  // XXH3-64 of every kBlobChunk bytes; the last is shorter

  friend bool operator==(const Blob&, const Blob&) = default;
};

inline constexpr std::uint64_t kBlobChunk = 64U << 10;

// Large values, each in one extent of one file, from the start of a block on, written once and
// never moved. Which extents are used stands in the database, and everything else is free: what a
// crash leaves of a batch that was not committed lies in free space. Every read is verified.
// The file is written past the page cache (O_DIRECT, where the file system has it). A save reads
// nothing of it, and filling the cache costs more than the disk does: measured here, 1 MB into
// memory that was in use before 0.1-0.2 ms, into memory that the host of a virtual machine must
// bring first 2.3 ms, and the write itself 0.4.
// Blobs come from the one thread that writes: add() for each of a batch, sync(), and when the batch
// is committed keep(), or else drop(). Reading is for any thread.
class BlobStore {
 public:
  static constexpr std::uint64_t kBlock = 4096;

  // The file begins with a block that has `mark`, which the other files of the store know too:
  // kInternal, with a line for the operator, when it is not there or has another. It is never
  // longer than `max` bytes. For a new store it is made (mode 0600), whatever a crash left of it.
  enum class Is : std::uint8_t { kNew, kThere };
  static Result<std::unique_ptr<BlobStore>> open(const std::filesystem::path& path,
                                                 std::uint64_t max, std::string_view mark, Is is);
  BlobStore(const BlobStore&) = delete;
  BlobStore& operator=(const BlobStore&) = delete;

  // Before all else, for every extent that is used, in the order of the offsets. kInternal when
  // that cannot be: they overlap, or the file ends before.
  Result<void> use(const Extent& extent);

  // kStorageFull or kInternal: this blob is not there, and what was added before it may be lost,
  // which sync() then says.
  Result<Blob> add(ByteView bytes);
  std::size_t added() const { return added_.size(); }  // since the last keep() or drop()
  // All but the first `count` that were added are not used after all.
  void drop(std::size_t count = 0);
  // All that was added is on disk when it returns success. After it failed there is only drop().
  Result<void> sync();
  void keep() { added_.clear(); }
  // Whether the blocks of what becomes free are given back to the file system.
  void return_space(bool returns) { returns_space_ = returns; }
  // Gives the blocks of all that is free back to the file system; kInternal when it cannot.
  Result<void> trim();
  // Nobody can find these any more. They are free once those who had found them have read them.
  void release(std::span<const Extent> extents);

  // What is found while this is held stays where it is. For a moment only: a writer that finds no
  // room waits for its end.
  ReadEpochs::Reading hold() const { return readers_.read(); }
  // The same for as long as it takes: no writer waits for it, but what is released meanwhile is
  // free only after it.
  class [[nodiscard]] Pin {
   public:
    explicit Pin(std::atomic<int>& pins) : pins_(&pins) { pins.fetch_add(1); }
    Pin(Pin&& other) noexcept : pins_(std::exchange(other.pins_, nullptr)) {}
    Pin& operator=(Pin&&) = delete;
    ~Pin() {
      if (pins_ != nullptr) pins_->fetch_sub(1);
    }

   private:
    std::atomic<int>* pins_;
  };
  Pin pin() const { return Pin{pins_}; }
  // Replaces `out` by at most `length` bytes of the blob, from `offset` in it on. kInternal when
  // they cannot be read, or are not what was stored: the log text says where.
  Result<void> read(const Blob& blob, std::uint64_t offset, std::size_t length, Bytes& out) const;

  static std::uint64_t whole_blocks(std::uint64_t size) {
    return (size + kBlock - 1) / kBlock * kBlock;
  }

 private:
  struct FreeBuffer {
    void operator()(char* buffer) const;
  };

  BlobStore(Descriptor file, Descriptor direct, std::uint64_t size, std::uint64_t max);
  int written_to() const { return direct_.get() < 0 ? file_.get() : direct_.get(); }
  std::optional<std::uint64_t> find_space(std::uint64_t space);
  void free(const Extent& extent);
  void collect();
  void free_waiting();
  void free_pinned();
  Result<void> write(std::uint64_t at, ByteView bytes);
  Result<void> flush();
  void write_ahead();

  const Descriptor file_;    // through the page cache
  const Descriptor direct_;  // past it; none where that cannot be
  const std::uint64_t size_at_start_;
  Preallocation ahead_;
  FreeSpace space_;
  std::vector<Extent> added_;
  std::vector<Extent> released_;  // since the current epoch began
  std::vector<Extent> waiting_;   // that those may be reading who began before it
  std::vector<Extent> pinned_;    // that nobody is reading but, perhaps, who has a pin
  mutable ReadEpochs readers_;
  mutable std::atomic<int> pins_{0};

  // What is written next: whole blocks that follow each other in the file.
  const std::unique_ptr<char, FreeBuffer> buffer_;
  std::size_t filled_ = 0;
  std::uint64_t buffer_at_ = 0;  // its place in the file
  bool unsynced_ = false;
  bool returns_space_ = false;
  std::optional<Error> lost_;  // why a blob of the batch was not written
};

}  // namespace wasm_server

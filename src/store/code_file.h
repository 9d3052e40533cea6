#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/descriptor.h"
#include "base/free_space.h"
#include "base/result.h"
#include "store/file_room.h"
#include "store/grace_period.h"

namespace wasm_server {

// Where in the file a module's code lies.
struct CodePlace {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;

  friend bool operator==(const CodePlace&, const CodePlace&) = default;
};

// The file of all code that is not small: each in one piece, from the start of a block on, written
// once and never moved. The database's trees say which pieces are used, and everything else is
// free: what a crash leaves of a batch that was not committed lies in free space.
// It is written past the page cache (O_DIRECT, where the file system has it). A save reads nothing
// of it, and filling the cache costs more than the disk does: measured here, 1 MB into memory that
// was in use before 0.1-0.2 ms, into memory that the host of a virtual machine must bring first
// 2.3 ms, and the write itself 0.4.
// Code is given to the one thread that writes: add() for each of a batch, sync(), and when the
// batch is committed keep(), or else drop(). Reading is for any thread.
class CodeFile {
 public:
  static constexpr std::uint64_t kBlock = 4096;

  // Makes the file (mode 0600) when it is not there. It is never longer than `most` bytes.
  static Result<std::unique_ptr<CodeFile>> open(const std::filesystem::path& path,
                                                std::uint64_t most);
  CodeFile(const CodeFile&) = delete;
  CodeFile& operator=(const CodeFile&) = delete;

  // Before all else, for every piece that is used, in the order of the offsets. kInternal when that
  // cannot be: they overlap, or the file ends before.
  Result<void> use(const CodePlace& place);

  // kStorageFull or kInternal: this code has no place, and what was added before it may be lost,
  // which sync() then says.
  Result<CodePlace> add(ByteView code);
  // The place that add() gave last is not used after all.
  void drop_last();
  // All that was added is on disk when it returns success. After it failed there is only drop().
  Result<void> sync();
  void keep() { added_.clear(); }
  void drop();
  // Nobody can find these any more. They are free once those who had found them have read them.
  void give_back(const std::vector<CodePlace>& places);

  // What is found while this is held stays in its place.
  GracePeriod::Reading hold() const { return readers_.read(); }
  // Replaces `out` by at most `length` bytes of the code, from `offset` in it on.
  Result<void> read(const CodePlace& place, std::uint64_t offset, std::size_t length,
                    Bytes& out) const;

  // Bytes that are used, as whole blocks.
  std::uint64_t used() const { return used_.load(std::memory_order_relaxed); }
  static std::uint64_t whole_blocks(std::uint64_t size) {
    return (size + kBlock - 1) / kBlock * kBlock;
  }

 private:
  struct FreeBuffer {
    void operator()(char* buffer) const;
  };

  CodeFile(Descriptor file, Descriptor direct, std::uint64_t size, std::uint64_t most);
  int written_to() const { return direct_.get() < 0 ? file_.get() : direct_.get(); }
  void free(const CodePlace& place);
  void collect();
  void free_waiting();
  Result<void> write(std::uint64_t at, ByteView code);
  Result<void> flush();
  void write_ahead();

  const Descriptor file_;    // through the page cache
  const Descriptor direct_;  // past it; none where that cannot be
  const std::uint64_t size_at_start_;
  FileRoom room_;
  FreeSpace space_;
  std::atomic<std::uint64_t> used_{0};
  std::vector<CodePlace> added_;     // since the last keep() or drop()
  std::vector<CodePlace> returned_;  // since the grace period began
  std::vector<CodePlace> waiting_;   // that those may be reading for whom it lasts
  mutable GracePeriod readers_;

  // What is written next: whole blocks that follow each other in the file.
  const std::unique_ptr<char, FreeBuffer> buffer_;
  std::size_t filled_ = 0;
  std::uint64_t buffer_at_ = 0;  // its place in the file
  bool unsynced_ = false;
  std::optional<Error> lost_;  // why code of the batch was not written
};

}  // namespace wasm_server

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "store/rocks/wal_list.h"

namespace wasm_server {

// A file of RocksDB's write-ahead log, as db/log_format.h there and its wiki describe it: blocks of
// 32 KB, in which fragments follow each other, each with a header of 7 bytes (masked CRC-32C of
// type and payload u32, length u16, type u8). A record is one Full fragment, or First, Middle ...,
// Last, and holds a batch: sequence number of its first change u64, number of changes u32, changes.
struct WalBatch {
  std::uint64_t sequence;
  std::uint32_t changes;

  std::uint64_t next() const { return sequence + changes; }
};

// Reads batches from the start of `file`, which is borrowed, to the first that is not whole.
class WalReader {
 public:
  explicit WalReader(std::string_view file) : file_(file) {}

  std::optional<WalBatch> next();
  // Whether the batch that next() gave last begins with that mark.
  bool has(const DatabaseMark& mark) const;
  // Behind the last batch that was whole.
  std::size_t position() const { return position_; }

 private:
  std::string_view file_;
  std::size_t position_ = 0;
  std::string record_;
};

// Without the zeroes at its end, which is most of what was never written.
std::size_t used_size(std::string_view file);

// The batch with that mark that begins there. It need not be whole.
std::optional<WalBatch> marked_batch(std::string_view file, std::size_t at,
                                     const DatabaseMark& mark);

// Whether one with a greater sequence number than `number` begins anywhere from `from` on.
bool has_later_batch(std::string_view file, std::size_t from, const DatabaseMark& mark,
                     std::uint64_t number);

}  // namespace wasm_server

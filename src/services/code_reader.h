#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/result.h"
#include "store/module_repository.h"

namespace wasm_server {

// Reads stored code from its start to its end, in slices: between two of them neither the whole
// code is in memory nor a snapshot of the database open, however slowly the slices are taken.
// What the disk damaged is never given. Code that is not very large can be verified as a whole
// before the first slice goes out. Belongs to one thread at a time.
class CodeReader {
 public:
  // `store` must outlive it. `size`: of the code.
  CodeReader(const ModuleRepository& store, const Digest& digest, std::uint64_t size)
      : store_(store), digest_(digest), size_(size) {}

  std::uint64_t size() const { return size_; }
  bool at_end() const { return offset_ == size_; }

  // The next slice, valid until the next call; not at the end. All but the last have a length that
  // is a multiple of 3, so that only the last one's base64 is padded. kNotFound when the code was
  // deleted meanwhile.
  Result<ByteView> next();

  // Larger code is verified slice by slice only, as it goes out: it is read once then.
  static constexpr std::uint64_t kMaxVerified = 8U << 20;

  // Whether there is nothing more to verify ahead.
  bool is_verified() const { return size_ > kMaxVerified || verified_ == size_; }
  // Reads as much as next() would, of what was not read yet, and forgets it. Fails as next() does.
  Result<void> verify_next();

 private:
  Result<void> read(std::uint64_t offset, Bytes& out);

  const ModuleRepository& store_;
  const Digest digest_;
  const std::uint64_t size_;
  std::uint64_t offset_ = 0;
  std::uint64_t verified_ = 0;  // how much from the start on
  Bytes slice_;
  Bytes looked_at_;  // of verify_next()
};

}  // namespace wasm_server

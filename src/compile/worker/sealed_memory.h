#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/descriptor.h"
#include "base/result.h"

namespace wasm_server {

// Bytes that one process hands to another without either of them being able to change or shorten
// them afterwards: a sealed memfd, mapped for reading. Immutable; moves between threads.
class SealedMemory {
 public:
  // kInternal when there is no memory or descriptor for it.
  static Result<SealedMemory> copy_of(ByteView bytes);
  // What another process sent. kInternal unless it is a memfd with all seals and of at most
  // `max_bytes`.
  static Result<SealedMemory> adopt(Descriptor file, std::uint64_t max_bytes);

  ~SealedMemory();
  SealedMemory(SealedMemory&& other) noexcept;
  SealedMemory& operator=(SealedMemory&&) = delete;

  ByteView bytes() const { return {start_, size_}; }
  int file() const { return file_.get(); }
  // The file for another owner; the bytes stay.
  Result<Descriptor> duplicate() const;

 private:
  explicit SealedMemory(Descriptor file) : file_(std::move(file)) {}
  Result<void> map(std::size_t size);

  Descriptor file_;
  const char* start_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace wasm_server

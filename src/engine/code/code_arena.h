#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/descriptor.h"
#include "base/free_space.h"
#include "base/result.h"

namespace wasm_server {

// Executable memory for the artefacts of many small modules, in one mapping for all: a mapping of
// its own for each would take three of the 65,530 that the kernel allows a process by default, and
// every load and every unload a change of the page tables that stops the other cores.
//
// The memory is a file without a name (memfd_create(2)), mapped to be read and executed. Nothing
// in the process can be written through: content gets there by pwrite(2) to the file, and what was
// used is used again only after all cores have been made to forget the instructions that they may
// have fetched from it (membarrier(2), once for many pieces). What lies free is given back to the
// system when it is much.
//
// All of an artefact can be executed, its data too, whose bytes a guest's author chose. That is no
// more than before: the constants of vector instructions stand in the text, one behind the other.
//
// Safe from any thread.
class CodeArena {
 public:
  // Of `capacity` bytes at most; they take address space, and memory when they are used.
  // kInternal when the system or the architecture lacks what it takes.
  static Result<std::unique_ptr<CodeArena>> make(std::size_t capacity);
  ~CodeArena();
  CodeArena(const CodeArena&) = delete;
  CodeArena& operator=(const CodeArena&) = delete;

  struct Piece {
    ByteView content;      // begins with a page
    std::uint64_t number;  // tells it from those that were in its place
  };

  // A copy of `content`, executable. Empty when there is no room.
  std::optional<Piece> add(ByteView content);
  // The piece in which `address` lies, if there is one, is not used any more.
  void remove(const void* address);
  // The same, if it was not removed already.
  void remove(const Piece& piece);

  bool contains(const void* address) const;

  // Bytes of memory that it holds, used or not.
  std::size_t resident() const;

 private:
  struct Used {
    std::uint64_t size;
    std::uint64_t number;
  };
  using Pieces = std::map<std::uint64_t, Used>;  // by offset

  CodeArena(Descriptor file, const char* start, std::size_t capacity);
  std::optional<Piece> take(std::size_t size);
  void erase(Pieces::iterator piece, std::unique_lock<std::mutex> lock);
  void make_reusable();
  void release_memory(std::uint64_t offset, std::uint64_t size) const;

  const Descriptor file_;
  const char* const start_;
  const std::size_t capacity_;

  mutable std::mutex mutex_;
  FreeSpace space_;  // this and all below: guarded by mutex_
  Pieces pieces_;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> removed_;  // not yet free: offset, size
  std::uint64_t removed_bytes_ = 0;
  std::uint64_t used_bytes_ = 0;  // of pieces_
  std::uint64_t number_ = 0;
};

}  // namespace wasm_server

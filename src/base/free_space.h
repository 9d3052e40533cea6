#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace wasm_server {

// Which parts of a file are free: pieces between those that are used, and all behind the last one.
// Belongs to one thread.
class FreeSpace {
 public:
  // Nothing is used further than `max_bytes` bytes into the file.
  explicit FreeSpace(std::uint64_t max_bytes) : max_bytes_(max_bytes) {}

  // While the used pieces are made known, in the order of their places; false when this one begins
  // before the end of the last.
  bool use(std::uint64_t offset, std::uint64_t size);

  // The place of `size` bytes, which are used from now on: in the smallest free piece that has so
  // many, or else at the end. Empty when there is no room.
  std::optional<std::uint64_t> take(std::uint64_t size);
  void release(std::uint64_t offset, std::uint64_t size);

  // Of the last used piece.
  std::uint64_t end() const { return end_; }

  using Pieces = std::map<std::uint64_t, std::uint64_t>;  // offset -> size
  // What is free before the end; no two touch.
  const Pieces& pieces() const { return pieces_; }

 private:
  void add(std::uint64_t offset, std::uint64_t size);
  void remove(Pieces::iterator piece);

  const std::uint64_t max_bytes_;
  std::uint64_t end_ = 0;
  Pieces pieces_;
  std::set<std::pair<std::uint64_t, std::uint64_t>> by_size_;  // of pieces_: size, offset
};

}  // namespace wasm_server

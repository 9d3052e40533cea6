#include "base/free_space.h"

#include <iterator>

namespace wasm_server {

bool FreeSpace::use(std::uint64_t offset, std::uint64_t size) {
  if (offset < end_) return false;
  if (offset > end_) add(end_, offset - end_);
  end_ = offset + size;
  return true;
}

std::optional<std::uint64_t> FreeSpace::take(std::uint64_t size) {
  const auto smallest = by_size_.lower_bound({size, 0});
  if (smallest != by_size_.end()) {
    const auto piece = pieces_.find(smallest->second);
    const auto [offset, free] = *piece;
    remove(piece);
    if (free > size) add(offset + size, free - size);
    return offset;
  }
  if (size > max_bytes_ || end_ > max_bytes_ - size) return std::nullopt;
  end_ += size;
  return end_ - size;
}

void FreeSpace::release(std::uint64_t offset, std::uint64_t size) {
  const auto next = pieces_.lower_bound(offset);
  if (next != pieces_.begin()) {
    const auto before = std::prev(next);
    if (before->first + before->second == offset) {
      offset = before->first;
      size += before->second;
      remove(before);
    }
  }
  if (next != pieces_.end() && offset + size == next->first) {
    size += next->second;
    remove(next);
  }
  if (offset + size == end_) {
    end_ = offset;
  } else {
    add(offset, size);
  }
}

void FreeSpace::add(std::uint64_t offset, std::uint64_t size) {
  pieces_.emplace(offset, size);
  by_size_.emplace(size, offset);
}

void FreeSpace::remove(Pieces::iterator piece) {
  by_size_.erase({piece->second, piece->first});
  pieces_.erase(piece);
}

}  // namespace wasm_server

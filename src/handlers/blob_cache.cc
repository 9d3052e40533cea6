#include "handlers/blob_cache.h"

#include <optional>
#include <utility>

namespace wasm_server {

Result<SharedBytes> BlobCache::find(const Digest& digest, std::uint64_t size) {
  if (size > bounds_.kept / 4) return nullptr;
  if (SharedBytes kept = find_kept(digest)) return kept;
  const std::size_t held = held_->load(std::memory_order_relaxed);
  if (held + size > bounds_.held || !was_read_lately(digest)) return nullptr;
  Result<std::optional<Bytes>> read = store_.read_blob(digest, /*verify=*/false);
  if (!read) return std::unexpected{std::move(read).error()};
  if (!*read) return nullptr;
  SharedBytes code = counted(**std::move(read));
  keep(digest, code);
  return code;
}

SharedBytes BlobCache::find_kept(const Digest& digest) {
  const std::lock_guard lock(mutex_);
  const auto found = by_digest_.find(digest);
  if (found == by_digest_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->code;
}

bool BlobCache::was_read_lately(const Digest& digest) {
  const std::lock_guard lock(mutex_);
  Digest& place = lately_[std::hash<Digest>{}(digest) % lately_.size()];
  return std::exchange(place, digest) == digest;
}

void BlobCache::keep(const Digest& digest, const SharedBytes& code) {
  const std::lock_guard lock(mutex_);
  if (by_digest_.contains(digest)) return;
  entries_.push_front({digest, code});
  by_digest_.emplace(digest, entries_.begin());
  for (kept_ += code->size(); kept_ > bounds_.kept; entries_.pop_back()) {
    kept_ -= entries_.back().code->size();
    by_digest_.erase(entries_.back().digest);
  }
}

// Is counted as held until the last who has it lets go.
SharedBytes BlobCache::counted(Bytes code) {
  const std::size_t size = code.size();
  held_->fetch_add(size, std::memory_order_relaxed);
  const auto release = [held = held_, size](const Bytes* bytes) {
    held->fetch_sub(size, std::memory_order_relaxed);
    delete bytes;
  };
  return {new Bytes(std::move(code)), release};
}

}  // namespace wasm_server

#include "services/blob_cache.h"

#include <optional>
#include <utility>

namespace wasm_server {
namespace {

// With its place in the cache.
std::size_t cost_of(const Bytes& code) { return code.size() + 256; }

// It counts as in use until its last owner drops it.
struct CodeInUse {
  std::shared_ptr<MemoryBudget> budget;
  Bytes code;
  MemoryShare share;  // of the budget
};

}  // namespace

Result<SharedBytes> BlobCache::find(const Digest& digest, std::uint64_t size) {
  if (size > bounds_.cached / 4) return nullptr;
  if (SharedBytes cached = find_cached(digest)) return cached;
  if (!was_read_recently(digest)) return nullptr;
  MemoryShare share(in_use_.get());
  if (!share.take(size)) return nullptr;
  TRY_ASSIGN(auto read, store_.read_code(digest));
  if (!read) return nullptr;
  const auto counted =
      std::make_shared<const CodeInUse>(in_use_, *std::move(read), std::move(share));
  SharedBytes code{counted, &counted->code};
  insert(digest, code);
  return code;
}

SharedBytes BlobCache::find_cached(const Digest& digest) {
  const std::lock_guard lock(mutex_);
  const SharedBytes* found = cached_.find(digest);
  return found == nullptr ? nullptr : *found;
}

bool BlobCache::was_read_recently(const Digest& digest) {
  const std::lock_guard lock(mutex_);
  Digest& slot = recent_[std::hash<Digest>{}(digest) % recent_.size()];
  return std::exchange(slot, digest) == digest;
}

void BlobCache::insert(const Digest& digest, const SharedBytes& code) {
  const std::lock_guard lock(mutex_);
  if (cached_.find(digest) != nullptr) return;
  cached_.insert(digest, code);
  cached_bytes_ += cost_of(*code);
  while (cached_bytes_ > bounds_.cached) cached_bytes_ -= cost_of(*cached_.pop_oldest());
}

}  // namespace wasm_server

#pragma once

// Code that is read again and again is cached as a whole, so that it goes to the socket
// without a copy for each answer. Code is cached when it is read the second time. Safe from any
// thread.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/lru_cache.h"
#include "base/memory_budget.h"
#include "base/result.h"
#include "store/module_repository.h"

namespace wasm_server {

class BlobCache {
 public:
  struct Bounds {
    std::size_t cached = 32U << 20;  // bytes; beyond it the least recently read code is dropped
    // Bytes of all that this has handed out and that is still in use, by slow clients too. They
    // are taken from the process's budget as well.
    std::size_t in_use = 256U << 20;
  };

  // `store` must outlive this; the code that it hands out need not. `memory`, if there is one,
  // outlives that too.
  BlobCache(const ModuleRepository& store, Bounds bounds, MemoryBudget* memory = nullptr)
      : store_(store),
        bounds_(bounds),
        in_use_(std::make_shared<MemoryBudget>(bounds.in_use, memory)) {}
  BlobCache(const BlobCache&) = delete;
  BlobCache& operator=(const BlobCache&) = delete;

  // The code of that digest, which has `size` bytes. Null when it is to be read in slices, because
  // it is too large, was not read recently, or too much is in use; and when there is no such code.
  Result<SharedBytes> find(const Digest& digest, std::uint64_t size);

  // The same, only if it is here.
  SharedBytes find_cached(const Digest& digest);

 private:
  bool was_read_recently(const Digest& digest);  // and is from now on
  void insert(const Digest& digest, const SharedBytes& code);

  const ModuleRepository& store_;
  const Bounds bounds_;
  const std::shared_ptr<MemoryBudget> in_use_;
  std::mutex mutex_;
  // This and all below: guarded by mutex_.
  std::array<Digest, 64> recent_;  // each at the index that its hash gives
  LruCache<Digest, SharedBytes> cached_;
  std::size_t cached_bytes_ = 0;
};

}  // namespace wasm_server

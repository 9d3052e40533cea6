#pragma once

#include <atomic>
#include <mutex>
#include <set>

#include "base/digest.h"

namespace wasm_server {

// Stored code that could not be read, since the start: who stores the same code again writes it
// anew. Safe from any thread.
class DamagedCode {
 public:
  void add(const Digest& digest) {
    const std::lock_guard lock{mutex_};
    // A disk that gives nothing back any more is not remembered piece by piece.
    if (digests_.size() < kMost) digests_.insert(digest);
    any_ = true;
  }
  bool has(const Digest& digest) const {
    if (!any_.load(std::memory_order_relaxed)) return false;
    const std::lock_guard lock{mutex_};
    return digests_.contains(digest);
  }
  void remove(const Digest& digest) {
    const std::lock_guard lock{mutex_};
    digests_.erase(digest);
  }

 private:
  static constexpr std::size_t kMost = 10'000;

  std::atomic<bool> any_{false};  // ever
  mutable std::mutex mutex_;
  std::set<Digest> digests_;  // guarded by mutex_
};

}  // namespace wasm_server

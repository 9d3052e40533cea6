#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <set>

#include "base/digest.h"

namespace wasm_server {

// What is known, since the start, of code that is stored: whether it can be read. Who stores the
// same code again writes it anew when it cannot.
class CodeHealth {
 public:
  // --- Safe from any thread

  void found_damaged(const Digest& digest) {
    const std::lock_guard lock{mutex_};
    // A disk that gives nothing back any more is not remembered piece by piece.
    if (damaged_.size() < kMax) damaged_.insert(digest);
    any_damaged_ = true;
  }
  bool is_damaged(const Digest& digest) const {
    if (!any_damaged_.load(std::memory_order_relaxed)) return false;
    const std::lock_guard lock{mutex_};
    return damaged_.contains(digest);
  }

  // --- Of the thread that writes

  // It was read whole, or is written now.
  void found_intact(const Digest& digest) {
    if (is_damaged(digest)) {
      const std::lock_guard lock{mutex_};
      damaged_.erase(digest);
    }
    // What is forgotten is read once more.
    if (intact_.size() == kMax) intact_.clear();
    intact_.insert(digest);
  }
  bool is_intact(const Digest& digest) const {
    return intact_.contains(digest) && !is_damaged(digest);
  }

 private:
  static constexpr std::size_t kMax = 10'000;

  std::atomic<bool> any_damaged_{false};  // ever
  mutable std::mutex mutex_;
  std::set<Digest> damaged_;  // guarded by mutex_
  std::set<Digest> intact_;
};

}  // namespace wasm_server

#include "engine/precompile_queue.h"

#include <algorithm>

namespace wasm_server {

void PrecompileQueue::push(const Digest& digest) {
  if (digests_.empty()) rested_ = std::max(rested_, last_stored_ + kQuiet);
  digests_.push_back(digest);
  ready_.notify_one();
}

std::optional<Digest> PrecompileQueue::next(std::unique_lock<std::mutex>& lock,
                                            const bool& stopping) {
  while (!stopping) {
    if (digests_.empty()) {
      ready_.wait(lock);
      continue;
    }
    const auto start = std::min(last_stored_ + kQuiet, rested_);
    if (Clock::now() >= start) break;
    ready_.wait_until(lock, start);
  }
  if (stopping) return std::nullopt;
  const auto digest = digests_.front();
  digests_.pop_front();
  if (!digests_.empty()) ready_.notify_one();
  return digest;
}

}  // namespace wasm_server

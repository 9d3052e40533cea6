#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>

#include "base/digest.h"

namespace wasm_server {

// Code that was stored and that nobody waits for, on its way to the threads that compile it in
// spare time. It is compiled when nothing was stored for kQuiet; until then they rest, after each
// compilation, kRest times as long as that took. A call that follows its upload at once thus finds
// it still queued, and it is not compiled twice. Guarded by its owner's mutex.
class PrecompileQueue {
 public:
  static constexpr std::chrono::milliseconds kQuiet{20};
  static constexpr int kRest = 19;

  // Something is stored now, whether it will be pushed or not.
  void note_stored() { last_stored_ = Clock::now(); }
  std::size_t size() const { return digests_.size(); }
  void push(const Digest& digest);

  // Waits for the next one that it is time for; `lock` holds the owner's mutex. Empty when
  // `stopping` comes true, which is looked at after notify_all().
  std::optional<Digest> next(std::unique_lock<std::mutex>& lock, const bool& stopping);
  void notify_all() { ready_.notify_all(); }

  // Around each compilation.
  using Clock = std::chrono::steady_clock;
  void begin_compiling() { rested_ = Clock::time_point::max(); }  // the others wait for quiet
  void end_compiling(Clock::time_point began, Clock::time_point ended) {
    rested_ = ended + kRest * (ended - began);
  }

 private:
  std::deque<Digest> digests_;
  std::condition_variable ready_;
  Clock::time_point last_stored_ = Clock::time_point::min();
  Clock::time_point rested_ = Clock::time_point::min();  // when it goes on without quiet
};

}  // namespace wasm_server

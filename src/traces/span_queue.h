#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include "traces/span.h"

namespace wasm_server {

// Spans on their way to the exporter, bounded by their bytes: what does not fit is dropped and
// counted. Nobody who adds waits. Safe from any thread.
class SpanQueue {
 public:
  // `sample_percent` of the traces that begin here are recorded.
  SpanQueue(std::size_t max_bytes, unsigned sample_percent)
      : max_bytes_(max_bytes), sample_percent_(sample_percent) {}
  SpanQueue(const SpanQueue&) = delete;
  SpanQueue& operator=(const SpanQueue&) = delete;

  // Whether a trace that begins now is to be recorded.
  bool takes_new_trace() const;

  void add(Span span);

  // The oldest of them, up to `most`. Waits for up to `time` until there are that many, or for
  // stop(); there may be none then.
  std::vector<Span> take(std::size_t most, std::chrono::milliseconds time);
  // From now on take() does not wait.
  void stop();

  std::uint64_t dropped() const;
  // Counts spans that nobody will hear of.
  void drop(std::size_t count);

 private:
  const std::size_t max_bytes_;
  const unsigned sample_percent_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Span> spans_;  // this and below: guarded by mutex_
  std::size_t bytes_ = 0;
  std::size_t awaited_ = 0;  // how many wake take()
  std::uint64_t dropped_ = 0;
  bool stopped_ = false;
};

}  // namespace wasm_server

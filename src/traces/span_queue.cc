#include "traces/span_queue.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/random.h"

namespace wasm_server {

bool SpanQueue::takes_new_trace() const { return random_u64() % 100 < sample_percent_; }

void SpanQueue::add(Span span) {
  const std::size_t bytes = weight_of(span);
  bool is_awaited = false;
  {
    const std::lock_guard lock(mutex_);
    if (bytes_ + bytes > max_bytes_) {
      ++dropped_;
      return;
    }
    bytes_ += bytes;
    spans_.push_back(std::move(span));
    is_awaited = spans_.size() == awaited_;
  }
  if (is_awaited) changed_.notify_one();
}

std::vector<Span> SpanQueue::take(std::size_t most, std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  awaited_ = most;
  changed_.wait_for(lock, time, [&] { return stopped_ || spans_.size() >= most; });
  awaited_ = 0;
  const auto end = spans_.begin() + static_cast<std::ptrdiff_t>(std::min(most, spans_.size()));
  std::vector<Span> taken(std::make_move_iterator(spans_.begin()), std::make_move_iterator(end));
  spans_.erase(spans_.begin(), end);
  for (const Span& span : taken) bytes_ -= weight_of(span);
  return taken;
}

void SpanQueue::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
}

std::uint64_t SpanQueue::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

void SpanQueue::drop(std::size_t count) {
  const std::lock_guard lock(mutex_);
  dropped_ += count;
}

}  // namespace wasm_server

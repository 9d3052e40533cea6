#include "traces/span_exporter.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/thread_priority.h"
#include "traces/otlp_json.h"

namespace wasm_server {
namespace {

constexpr std::size_t kMaxBatch = 512;

}  // namespace

SpanExporter::SpanExporter(SpanQueue& queue, Send send, std::string version, const Pauses& pauses)
    : queue_(queue), send_(std::move(send)), version_(std::move(version)), pauses_(pauses) {}

void SpanExporter::start() {
  thread_ = std::thread([this] { run(); });
}

void SpanExporter::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stopped_.notify_all();
  queue_.stop();
  if (thread_.joinable()) thread_.join();
}

void SpanExporter::run() {
  lower_own_priority();
  while (true) {
    const auto spans = queue_.take(kMaxBatch, pauses_.between_batches);
    if (!spans.empty()) {
      send(spans);
      continue;
    }
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
  }
}

void SpanExporter::send(const std::vector<Span>& spans) {
  const std::string body = otlp_json(spans, version_);
  auto pause = pauses_.first_retry;
  bool is_told = false;
  while (true) {
    const Sent sent = send_(body);
    if (sent == Sent::kTaken) {
      exported_.fetch_add(spans.size(), std::memory_order_relaxed);
      if (is_told) log_info("traces: the collector takes spans again");
      return;
    }
    if (sent == Sent::kRefused) {
      log_warning("traces: the collector refused " + std::to_string(spans.size()) + " spans");
      break;
    }
    if (!std::exchange(is_told, true))
      log_warning("traces: the collector cannot be reached, or takes no spans now");
    if (!wait_to_retry(pause)) break;
    pause = std::min(2 * pause, pauses_.longest_retry);
  }
  queue_.drop(spans.size());
}

// False when there is no time for that any more.
bool SpanExporter::wait_to_retry(std::chrono::milliseconds pause) {
  std::unique_lock lock(mutex_);
  return !stopped_.wait_for(lock, pause, [this] { return stopping_; });
}

}  // namespace wasm_server

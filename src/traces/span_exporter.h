#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "traces/span_queue.h"

namespace wasm_server {

// Sends spans to a collector, in batches, on a thread of its own. While the collector is away a
// batch is tried again with growing pauses, and the queue behind it fills up and drops.
class SpanExporter {
 public:
  enum class Sent : std::uint8_t {
    kTaken,
    kTryLater,  // it cannot be reached, or says so
    kRefused,   // it does not want these
  };
  // Sends one body; called on the exporter's thread. Takes a few seconds at most.
  using Send = std::function<Sent(const std::string& body)>;

  struct Pauses {
    std::chrono::milliseconds between_batches{1'000};
    std::chrono::milliseconds first_retry{1'000};
    std::chrono::milliseconds longest_retry{30'000};
  };

  // `queue` outlives it.
  SpanExporter(SpanQueue& queue, Send send, std::string version, const Pauses& pauses);
  SpanExporter(SpanQueue& queue, Send send, std::string version)
      : SpanExporter(queue, std::move(send), std::move(version), Pauses{}) {}
  ~SpanExporter() { stop(); }
  SpanExporter(const SpanExporter&) = delete;
  SpanExporter& operator=(const SpanExporter&) = delete;

  void start();
  // Tries once more to send what there is.
  void stop();

  // Of spans; safe from any thread.
  std::uint64_t exported() const { return exported_.load(std::memory_order_relaxed); }

 private:
  void run();
  void send(const std::vector<Span>& spans);
  bool wait_to_retry(std::chrono::milliseconds pause);

  SpanQueue& queue_;
  const Send send_;
  const std::string version_;
  const Pauses pauses_;
  std::atomic<std::uint64_t> exported_{0};
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace wasm_server

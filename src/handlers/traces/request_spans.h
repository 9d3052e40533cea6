#pragma once

#include "http/span_sink.h"
#include "traces/span_queue.h"

namespace wasm_server {

// Makes a span of each request whose trace is recorded: from its header to the beginning of its
// answer. As the access log it holds no query, header or body.
class RequestSpans final : public SpanSink {
 public:
  // `queue` outlives it.
  explicit RequestSpans(SpanQueue& queue) : queue_(queue) {}

  bool takes_new_trace() override { return queue_.takes_new_trace(); }
  void on_reply(const Request& request, const Route* route, const Reply& reply) override;

 private:
  SpanQueue& queue_;
};

}  // namespace wasm_server

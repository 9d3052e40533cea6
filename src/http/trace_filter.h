#pragma once

#include "http/filter.h"
#include "http/span_sink.h"

namespace wasm_server {

// Takes a client's trace context over (W3C Trace Context, section 3.2: the header `traceparent`),
// and hands it on in the answer with a span of its own. What is not of its form is as if it were
// not there. With a sink, a request of no trace may begin one, and those whose trace is recorded
// are told to it.
class TraceFilter final : public Filter {
 public:
  // `sink`, which may be null, outlives it.
  explicit TraceFilter(SpanSink* sink) : sink_(sink) {}

  bool answers(Request& request, const Route* route, Reply& reply) override;
  void on_reply(const Request& request, const Route* route, Reply& reply) override;

 private:
  SpanSink* const sink_;
};

}  // namespace wasm_server

#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "handlers/traces/request_spans.h"
#include "traces/span_exporter.h"
#include "traces/span_queue.h"

namespace wasm_server {

// kBadRequest unless it is "http[s]://HOST[:PORT][/PATH]".
Result<void> check_otlp_endpoint(const std::string& url);

// What records spans and sends them to a collector. Its parts are for others while it is there.
class TraceExport {
 public:
  // `endpoint`: a checked one; without a path it is /v1/traces, as the protocol says.
  TraceExport(const std::string& endpoint, unsigned sample_percent);

  void start() { exporter_.start(); }
  void stop() { exporter_.stop(); }

  SpanQueue& queue() { return queue_; }
  RequestSpans& requests() { return requests_; }
  std::uint64_t exported() const { return exporter_.exported(); }

 private:
  SpanQueue queue_;
  RequestSpans requests_{queue_};
  SpanExporter exporter_;
};

}  // namespace wasm_server

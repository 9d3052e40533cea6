#pragma once

#include "http/filter.h"

namespace wasm_server {

// Takes a client's trace context over (W3C Trace Context, section 3.2: the header `traceparent`),
// for the log, and hands it on in the answer with a span of its own. What is not of its form is as
// if it were not there.
class TraceFilter final : public Filter {
 public:
  bool answers(Request& request, const Route* route, Reply& reply) override;
  void on_reply(const Request& request, const Route* route, Reply& reply) override;
};

}  // namespace wasm_server

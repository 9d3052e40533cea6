#pragma once

#include "http/reply.h"
#include "http/request.h"
#include "http/route.h"

namespace wasm_server {

// Who records what requests did, for traces. Safe from any thread; nothing in it waits.
class SpanSink {
 public:
  virtual ~SpanSink() = default;

  // Whether a request that is part of no trace begins one.
  virtual bool takes_new_trace() = 0;
  // A request whose trace is recorded is answered.
  virtual void on_reply(const Request& request, const Route* route, const Reply& reply) = 0;
};

}  // namespace wasm_server

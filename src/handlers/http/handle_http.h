#pragma once

#include <cstdint>
#include <functional>

#include "engine/runnable/http_exchange.h"
#include "handlers/execute/execution_recorder.h"
#include "http/router.h"
#include "worker/worker.h"

namespace wasm_server {

// What handles a request, whatever kind of guest it is.
struct HandlerGuest {
  std::uint64_t revision = 0;  // of its module
  // Whether the answer is a page of this server's own origin, which no guest's page may be: see
  // add_sandbox() in the source.
  bool sandboxed = true;
  // Makes the guest, for that exchange, which outlives it.
  std::move_only_function<ExecutionSpec(HttpExchange&)> make;
};

// Lets a guest answer the request (contract, section 7), whose route streams its body. At once when
// the guest has ended in its first slice. On the loop of `worker`, which must outlive the answer,
// as `recorder` must, which hears of the guest's end.
Answer handle_http(Worker& worker, const ExecutionRecorder& recorder, Request& request,
                   HandlerGuest guest);

}  // namespace wasm_server

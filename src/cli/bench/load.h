#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "cli/bench/latencies.h"
#include "cli/bench/server_timing.h"
#include "cli/http/http_client.h"

namespace wasm_server::cli {

struct LoadPlan {
  unsigned connections = 8;
  std::chrono::milliseconds time{5000};
};

// What was seen of the calls, over one connection or over all of them.
struct LoadOutcome {
  Latencies latencies;                            // of those that succeeded
  std::map<std::string, std::uint64_t> failures;  // by error code; bounded
  ServerTiming server;                            // the sum over those whose answer told it
  std::uint64_t told = 0;                         // how many that were
  std::chrono::nanoseconds elapsed{};             // to the end of the last call
  std::chrono::nanoseconds own_cpu{};             // of this process

  std::uint64_t succeeded() const { return latencies.count(); }
  std::uint64_t failed() const;
};

// Makes the same request over and over, each connection the next one when it has the answer to the
// last, until the time is over or SIGINT or SIGTERM comes; calls that run then are waited for, and
// count. A second signal ends the process. Each connection makes one call before, which does not
// count: it opens the connection. Takes a thread for each connection. `request` must be safe to
// send from all of them at once.
LoadOutcome generate_load(const ServerAddress& server, const HttpRequest& request,
                          const LoadPlan& plan);

}  // namespace wasm_server::cli

#pragma once

#include <optional>
#include <string_view>

namespace wasm_server::cli {

// What the server says of where a call's time went, in milliseconds.
struct ServerTiming {
  double queue = 0;
  double instantiate = 0;
  double run = 0;

  double total() const { return queue + instantiate + run; }
  ServerTiming& operator+=(const ServerTiming& other) {
    queue += other.queue;
    instantiate += other.instantiate;
    run += other.run;
    return *this;
  }
};

// The value of a Server-Timing header (`queue;dur=0.01, run;dur=1.5`). Metrics of other names are
// left out; empty when none is ours, or one of ours is no duration.
std::optional<ServerTiming> read_server_timing(std::string_view header);

}  // namespace wasm_server::cli

#pragma once

// How an execution ended, and what it left behind. Values without I/O, whoever ran it.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/memory_budget.h"
#include "base/result.h"
#include "model/module_info.h"
#include "model/value.h"

namespace wasm_server {

// A function returned.
struct Returned {
  std::vector<Value> results;
  std::shared_ptr<const FunctionInfo> function;  // with the results' types
  std::size_t bytes = 0;  // about how many the results of a component have; core ones are few
};

struct Frame {
  std::string function;                 // its name, or "func[12]"
  std::optional<std::uint64_t> offset;  // in the module's bytes, where it is known
};

struct Trapped {
  std::string kind;  // "unreachable", "out-of-bounds-memory", ... (contract, section 5)
  std::string message;
  std::vector<Frame> backtrace;  // innermost first
};

// A command ended, or a function exited.
struct Exited {
  std::int32_t code = 0;
};

// An HTTP handler ended and has given its answer, as a whole, to its exchange
// (engine/runnable/http_exchange.h).
struct Answered {};

struct TimedOut {};
struct Cancelled {};

// It ended for a reason that has an error code of its own: kMemoryLimit, kOutputLimit,
// kInvalidModule, ...
struct Refused {
  Error error;
};

using Outcome = std::variant<Returned, Trapped, Exited, Answered, TimedOut, Cancelled, Refused>;

struct ExecutionResult {
  Outcome outcome;
  Bytes stdout_bytes;  // empty when a sink took them
  Bytes stderr_bytes;
  MemoryShare output_memory;           // of these two
  std::chrono::nanoseconds queued{0};  // waiting to be let in, or for memory
  std::chrono::nanoseconds instantiate{0};
  std::chrono::nanoseconds run{0};
  std::uint64_t memory_bytes = 0;  // the most that its memories had together
};

}  // namespace wasm_server

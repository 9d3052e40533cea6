#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "engine/runnable/http_exchange.h"
#include "engine/runnable/output_sink.h"
#include "model/outcome.h"
#include "model/wasm_storage.h"

namespace wasm_server {

inline constexpr std::uint64_t kMaxTableElements = 1'000'000;  // over all tables of a call

// What one call may take, already within the operator's maxima.
struct CallLimits {
  std::chrono::milliseconds timeout{10'000};
  std::uint64_t memory_bytes = 256U << 20;
  std::uint64_t output_bytes = 8U << 20;
};

// The standard streams and settings of a WASI guest.
struct WasiInput {
  std::vector<std::string> args;  // without argv[0]
  StringMap env;
  Bytes stdin_bytes;
};

// What to call of a compiled module, whatever kind of code that is.
struct CallSpec {
  // One that the module exports, or null for an HTTP handler. Its owner owns the module, too, so
  // that the call keeps both.
  std::shared_ptr<const FunctionInfo> function;
  bool command = false;     // the function is a command's entry point: its end is Exited
  std::vector<Value> args;  // of the function's parameter types
  bool initialize = false;  // a WASI reactor: call `_initialize` first
  CallLimits limits;
  WasiInput wasi;
  OutputSink* sink = nullptr;  // takes standard output; null: the ExecutionResult has it
  // Of an HTTP handler: what it handles, which outlives the call; null: something else is called.
  HttpExchange* http = nullptr;
  // Of a component: the hosts that it may send requests to (engine/egress.h), which the function's
  // owner owns, and a number: calls with the same one may use each other's connections.
  std::span<const std::string> egress{};
  std::uint64_t egress_owner = 0;
};

}  // namespace wasm_server

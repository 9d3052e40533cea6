#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "engine/runnable/call_spec.h"
#include "http/request.h"
#include "metrics/execution_cells.h"
#include "model/outcome.h"
#include "services/execution_log.h"
#include "traces/span_queue.h"

namespace wasm_server {

// What is called, kept for as long as it may be named; null: a command.
using CalledFunction = std::shared_ptr<const FunctionInfo>;
inline CalledFunction called_function(const CallSpec& call) {
  return call.command ? nullptr : call.function;
}
inline std::string_view name_of(const CalledFunction& function) {
  return function == nullptr ? std::string_view{} : function->name;
}

struct ExecutedCall {
  std::string_view module;
  std::uint64_t revision;
  std::string_view function;  // empty: a command, or an HTTP handler
  std::string_view request_id;
  const Request::Trace& trace;  // of the request
};

// What is kept of executions that ended on one worker: figures, how each ended, and spans. Used on
// the worker's loop.
class ExecutionRecorder {
 public:
  // All outlive it; `spans` may be null.
  ExecutionRecorder(ExecutionCells& cells, ExecutionLog::Writer& log, SpanQueue* spans)
      : cells_(cells), log_(log), spans_(spans) {}

  void record(const ExecutedCall& call, const ExecutionResult& result) const;

 private:
  ExecutionCells& cells_;
  ExecutionLog::Writer& log_;
  SpanQueue* spans_;
};

}  // namespace wasm_server

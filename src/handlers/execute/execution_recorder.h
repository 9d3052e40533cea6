#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "engine/runnable/call_spec.h"
#include "metrics/execution_cells.h"
#include "model/outcome.h"
#include "services/execution_log.h"

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
  std::string_view function;  // empty: a command
  std::string_view request_id;
};

// What is kept of executions that ended on one worker: figures, and how each ended. Used on the
// worker's loop.
class ExecutionRecorder {
 public:
  // Both outlive it.
  ExecutionRecorder(ExecutionCells& cells, ExecutionLog::Writer& log) : cells_(cells), log_(log) {}

  void record(const ExecutedCall& call, const ExecutionResult& result) const;

 private:
  ExecutionCells& cells_;
  ExecutionLog::Writer& log_;
};

}  // namespace wasm_server

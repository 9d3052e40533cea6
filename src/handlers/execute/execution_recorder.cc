#include "handlers/execute/execution_recorder.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <memory>
#include <utility>

#include "base/trace_id.h"
#include "base/utf8.h"
#include "handlers/execute/execute_reply.h"

namespace wasm_server {
namespace {

// Of the end of its standard error, and of the name of a function, which the guest chose.
constexpr std::size_t kMaxStderr = 4U << 10;
constexpr std::size_t kMaxName = 256;

// To a few milliseconds, at a fifth of the cost.
UnixMillis coarse_now() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return static_cast<UnixMillis>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

bool has_failed(const ExecutionResult& result) {
  return !std::holds_alternative<Returned>(result.outcome) &&
         !std::holds_alternative<Answered>(result.outcome) && !exit_code_of(result);
}

std::string ended_as(const ExecutionResult& result) {
  if (std::holds_alternative<Returned>(result.outcome)) return "returned";
  if (std::holds_alternative<Exited>(result.outcome)) return "exited";
  if (std::holds_alternative<Answered>(result.outcome)) return "answered";
  if (std::holds_alternative<Cancelled>(result.outcome)) return "cancelled";
  return error_info(failure_of(result).code).name;
}

std::shared_ptr<const ExecutionEntry::Details> details_of(const ExecutedCall& call,
                                                          const ExecutionResult& result) {
  const bool failed = has_failed(result);
  if (!failed && result.stderr_bytes.empty()) return nullptr;
  auto details = std::make_shared<ExecutionEntry::Details>();
  details->request_id = call.request_id;
  if (failed) details->detail = failure_of(result).message;
  const ByteView written = result.stderr_bytes;
  details->stderr_cut = written.size() > kMaxStderr;
  details->stderr_bytes = utf8_suffix(written, kMaxStderr);
  return details;
}

std::int64_t microseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time).count();
}

Span span_of(const ExecutedCall& call, const ExecutionResult& result, const std::string& ended) {
  Span span;
  span.trace_id = call.trace.id;
  span.span_id = make_span_id();
  span.parent_id = call.trace.span_id;
  span.name = "execute";
  end_now(span, result.queued + result.instantiate + result.run);
  span.failed = has_failed(result);
  span.attributes = {{"wasm.module", std::string(call.module)},
                     {"wasm.revision", static_cast<std::int64_t>(call.revision)},
                     {"wasm.function", std::string(utf8_prefix(call.function, kMaxName))},
                     {"wasm.ended", ended},
                     {"wasm.queued_us", microseconds(result.queued)},
                     {"wasm.instantiate_us", microseconds(result.instantiate)},
                     {"wasm.run_us", microseconds(result.run)},
                     {"wasm.memory_bytes", static_cast<std::int64_t>(result.memory_bytes)}};
  return span;
}

}  // namespace

void ExecutionRecorder::record(const ExecutedCall& call, const ExecutionResult& result) const {
  cells_.add(call.module, result);
  ExecutionEntry entry;
  entry.ended_at = coarse_now();
  entry.revision = call.revision;
  entry.function = utf8_prefix(call.function, kMaxName);
  entry.ended = ended_as(result);
  entry.exit_code = exit_code_of(result);
  entry.run = std::chrono::duration_cast<std::chrono::microseconds>(result.run);
  entry.details = details_of(call, result);
  if (spans_ != nullptr && call.trace.is_sampled) spans_->add(span_of(call, result, entry.ended));
  log_.add(call.module, std::move(entry));
}

}  // namespace wasm_server

#include "engine/runnable/guest_failure.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <optional>
#include <utility>

namespace wasm_server {

namespace {

struct TrapText {
  wasmtime_trap_code_t code;
  const char* kind;
  const char* message;
};

constexpr TrapText kTraps[] = {
    {WASMTIME_TRAP_CODE_STACK_OVERFLOW, "stack-overflow", "the call stack was exhausted"},
    {WASMTIME_TRAP_CODE_MEMORY_OUT_OF_BOUNDS, "out-of-bounds-memory",
     "an access outside of the memory"},
    {WASMTIME_TRAP_CODE_HEAP_MISALIGNED, "heap-misaligned", "a misaligned atomic access"},
    {WASMTIME_TRAP_CODE_TABLE_OUT_OF_BOUNDS, "out-of-bounds-table",
     "an access outside of the table"},
    {WASMTIME_TRAP_CODE_INDIRECT_CALL_TO_NULL, "indirect-call-to-null",
     "an indirect call to a null element"},
    {WASMTIME_TRAP_CODE_BAD_SIGNATURE, "bad-signature", "an indirect call with another signature"},
    {WASMTIME_TRAP_CODE_INTEGER_OVERFLOW, "integer-overflow", "an integer overflow"},
    {WASMTIME_TRAP_CODE_INTEGER_DIVISION_BY_ZERO, "integer-divide-by-zero",
     "an integer division by zero"},
    {WASMTIME_TRAP_CODE_BAD_CONVERSION_TO_INTEGER, "bad-conversion-to-integer",
     "a float that is no integer of that type"},
    {WASMTIME_TRAP_CODE_UNREACHABLE_CODE_REACHED, "unreachable",
     "an unreachable instruction was executed"},
    {WASMTIME_TRAP_CODE_NULL_REFERENCE, "null-reference", "a null reference was used"},
    {WASMTIME_TRAP_CODE_ARRAY_OUT_OF_BOUNDS, "out-of-bounds-array",
     "an access outside of an array"},
    {WASMTIME_TRAP_CODE_ALLOCATION_TOO_LARGE, "allocation-too-large",
     "an allocation that is too large"},
    {WASMTIME_TRAP_CODE_CAST_FAILURE, "cast-failure", "a cast to another type"},
    {WASMTIME_TRAP_CODE_UNCAUGHT_EXCEPTION, "uncaught-exception", "an exception was not caught"},
};

// The engine's word for an offset that it does not know.
constexpr auto kUnknown = std::numeric_limits<std::size_t>::max();

std::vector<Frame> frames_of(const wasm_trap_t& trap) {
  wasm_frame_vec_t vec;
  wasm_trap_trace(&trap, &vec);
  std::vector<Frame> frames;
  for (std::size_t i = 0; i < vec.size; ++i) {
    const auto* frame = vec.data[i];
    const auto* name = wasmtime_frame_func_name(frame);
    const auto offset = wasm_frame_module_offset(frame);
    frames.push_back({name != nullptr
                          ? std::string(name->data, name->size)
                          : "func[" + std::to_string(wasm_frame_func_index(frame)) + "]",
                      offset == kUnknown ? std::nullopt : std::optional(offset)});
  }
  wasm_frame_vec_delete(&vec);
  return frames;
}

Trapped describe_trap(const wasm_trap_t& trap) {
  wasmtime_trap_code_t code = 0;
  const TrapText* text = nullptr;
  if (wasmtime_trap_code(&trap, &code)) {
    text = std::ranges::find(kTraps, code, &TrapText::code);
    if (text == std::end(kTraps)) text = nullptr;
  }
  return {text != nullptr ? text->kind : "other",
          text != nullptr ? text->message : "the guest trapped", frames_of(trap)};
}

Refused describe_limit(const engine_sys_limits_t& limits) {
  if (limits.memory_refused) {
    return {{ErrorCode::kMemoryLimit, "the module needs more memory than its limit of " +
                                          std::to_string(limits.memory_bytes) + " bytes"}};
  }
  return {{ErrorCode::kMemoryLimit, "the module needs more table elements than the limit of " +
                                        std::to_string(limits.table_elements)}};
}

}  // namespace

Refused no_memory_left() {
  return {{ErrorCode::kOverloaded, "the memory for executions is used up"}};
}

Outcome describe_failure(const engine_sys_outcome_t& outcome, const engine_sys_limits_t& limits) {
  if (outcome.thrown) {
    return Trapped{"uncaught-exception", "an exception was not caught", frames_of(*outcome.trap)};
  }
  if (outcome.trap != nullptr) return describe_trap(*outcome.trap);
  auto message = message_of(outcome.error);
  if (outcome.no_room) {
    return Refused{{ErrorCode::kOverloaded, "no room for another instance", std::move(message)}};
  }
  if (!outcome.instantiated && limits.budget_refused) return no_memory_left();
  if (!outcome.instantiated && (limits.memory_refused || limits.table_refused)) {
    return describe_limit(limits);
  }
  return Refused{{ErrorCode::kInternal, "the engine failed", std::move(message)}};
}

}  // namespace wasm_server

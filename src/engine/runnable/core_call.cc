#include "engine/runnable/core_call.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "base/text.h"
#include "engine/engine_impl.h"
#include "engine/runnable/core_values.h"
#include "engine/runnable/guest_failure.h"
#include "engine/runnable/slices.h"
#include "engine/slot_hand_over.h"

namespace wasm_server {

namespace {

constexpr std::uint64_t kInstances = 1;

}  // namespace

void CoreCall::Delete::operator()(engine_sys_call_t* call) const {
  slot_released();
  engine_sys_call_delete(call);
}

CoreCall::CoreCall(const CoreModule& module, CallSpec&& spec)
    : Runnable(spec.limits.timeout),
      module_(module),
      spec_(std::move(spec)),
      wasi_(spec_.wasi, spec_.sink, spec_.limits.output_bytes, MemoryShare(module.memory())),
      memory_(spec_.limits, kInstances, module.memory()) {}

CoreCall::~CoreCall() {
  if (engine_outcome_.trap != nullptr) wasm_trap_delete(engine_outcome_.trap);
  if (engine_outcome_.error != nullptr) wasmtime_error_delete(engine_outcome_.error);
}

void CoreCall::release() {
  call_.reset();
  memory_.release();
}

void CoreCall::begin() {
  const auto& function = *spec_.function;
  const auto count = std::max(spec_.args.size(), function.result.size());
  values_ = few_.data();
  if (count > kFewValues) {
    many_.resize(count);
    values_ = many_.data();
  }
  std::ranges::transform(spec_.args, values_, to_engine);
  engine_spec_ = {module_.engine(),     module_.instance_pre(), &wasi_,
                  memory_.limits(),     kFirstSliceTicks,       kSliceTicks,
                  function.name.data(), function.name.size(),   values_,
                  spec_.args.size(),    function.result.size(), spec_.initialize};
  call_.reset(engine_sys_call_new(&engine_spec_, &engine_outcome_));
}

Runnable::Step CoreCall::step(Outcome& result) {
  if (call_ == nullptr) begin();
  if (engine_sys_call_poll(call_.get())) {
    result = outcome();
    return {Step::Kind::kFinished};
  }
  if (memory_.is_heavy()) set_heavy();
  if (memory_.is_waiting()) return {Step::Kind::kWaitsForMemory, memory_.wait()};
  switch (wasi_.wait()) {
    case WasiState::Wait::kTime:
      return {Step::Kind::kSleeps, wasi_.wake_at()};
    case WasiState::Wait::kOutput:
      return {Step::Kind::kWaitsForSink};
    case WasiState::Wait::kNone:
    case WasiState::Wait::kWork:
      break;
  }
  return {Step::Kind::kSliceUsed};
}

void CoreCall::take_output(ExecutionResult& result) {
  result.instantiate = result.run;
  if (engine_outcome_.instantiated) {
    const std::chrono::nanoseconds taken(engine_outcome_.instantiate_nanoseconds);
    result.instantiate = std::max(taken - result.queued, std::chrono::nanoseconds{0});
  }
  result.run -= result.instantiate;
  result.memory_bytes = memory_.limits()->memory_used;
  result.stdout_bytes = std::move(wasi_.stdout_bytes);
  result.stderr_bytes = std::move(wasi_.stderr_bytes);
  result.output_memory = wasi_.take_output_memory();
}

Outcome CoreCall::outcome() const {
  if (wasi_.exit_code) return Exited{*wasi_.exit_code};
  if (engine_outcome_.no_such_function) return no_such_function();
  if (engine_outcome_.trap != nullptr || engine_outcome_.error != nullptr) return failure();
  if (spec_.command) return Exited{};
  return returned();
}

Outcome CoreCall::returned() const {
  const auto& types = spec_.function->result;
  Returned returned{{}, spec_.function, 0};
  returned.results.reserve(types.size());
  for (std::size_t i = 0; i < types.size(); ++i) {
    returned.results.push_back(from_engine(values_[i], types[i].kind()));
  }
  return returned;
}

Outcome CoreCall::failure() const {
  if (wasi_.memory_refused) return no_memory_left();
  if (wasi_.output_refused) {
    return Refused{{ErrorCode::kOutputLimit, "the guest wrote more than its limit of " +
                                                 std::to_string(spec_.limits.output_bytes) +
                                                 " bytes"}};
  }
  return describe_failure(engine_outcome_, *memory_.limits());
}

Refused CoreCall::no_such_function() const {
  return {{ErrorCode::kFunctionNotFound,
           "the module exports no function " + quote(spec_.function->name)}};
}

}  // namespace wasm_server

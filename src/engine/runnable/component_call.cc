#include "engine/runnable/component_call.h"

#include <algorithm>
#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "engine/runnable/component_function.h"
#include "engine/runnable/guest_failure.h"
#include "engine/runnable/slices.h"
#include "engine/slot_hand_over.h"
#include "engine/values/value_bytes.h"
#include "engine/wasi/wasi.h"

namespace wasm_server {

namespace {

engine_text_t text_of(std::string_view text) { return {text.data(), text.size()}; }

HttpFields fields_of(const engine_field_t* fields, std::size_t count) {
  HttpFields copied;
  copied.reserve(count);
  for (const auto& [name, value] : std::span(fields, count)) {
    copied.emplace_back(std::string(name.data, name.size), std::string(value.data, value.size));
  }
  return copied;
}

ByteView view_of(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

// What a guest did, in the engine's words.
std::string refusal_of(const engine_component_outcome_t& outcome) {
  return {outcome.refusal.data, outcome.refusal.size};
}

// To read or write so many bytes of values takes about half a millisecond.
constexpr std::size_t kLongBytes = 128U << 10;

// About how many bytes values take, counted no further than `most`.
std::size_t size_up_to(std::span<const Value> values, std::size_t most) {
  std::size_t size = 0;
  for (const Value& value : values) {
    size += sizeof(ValueBits);
    if (const auto* text = std::get_if<std::string>(&value.content)) size += text->size();
    if (size >= most) return size;
    if (const auto* items = std::get_if<std::vector<Value>>(&value.content)) {
      size += size_up_to(*items, most - size);
    } else if (const auto* one = std::get_if<ValueCase>(&value.content)) {
      size += size_up_to(one->payload, most - size);
    }
    if (size >= most) return size;
  }
  return size;
}

bool are_long(std::span<const Value> values) {
  return size_up_to(values, kLongBytes) >= kLongBytes;
}

Refused bad_answer(std::string message) {
  return {{ErrorCode::kBadGuestAnswer, std::move(message)}};
}

}  // namespace

struct ComponentCall::Host {
  static ComponentCall& of(void* data) { return *static_cast<ComponentCall*>(data); }

  static void wake(void* data) { of(data).wake(); }
  static bool output_ready(void* data) {
    auto* sink = of(data).spec_.sink;
    return sink == nullptr || sink->ready();
  }
  static bool write(void* data, std::uint32_t stream, const std::uint8_t* bytes, std::size_t size) {
    return of(data).wasi_.write(stream == 1 ? Stream::kOut : Stream::kErr, view_of(bytes, size));
  }
  static std::uint32_t read_body(void* data, const std::uint8_t** piece, std::size_t* size) {
    ByteView bytes;
    const auto read = of(data).spec_.http->read_body(bytes);
    *piece = reinterpret_cast<const std::uint8_t*>(bytes.data());
    *size = bytes.size();
    switch (read) {
      case HttpExchange::BodyRead::kPiece:
        return ENGINE_BODY_PIECE;
      case HttpExchange::BodyRead::kWait:
        return ENGINE_BODY_WAIT;
      case HttpExchange::BodyRead::kEnd:
        return ENGINE_BODY_END;
      case HttpExchange::BodyRead::kAborted:
        break;
    }
    return ENGINE_BODY_ABORTED;
  }
  static void begin_answer(void* data, std::uint32_t status, const engine_field_t* fields,
                           std::size_t count) {
    of(data).spec_.http->begin(status, fields_of(fields, count));
  }
  static bool answer_ready(void* data) { return of(data).spec_.http->ready(); }
  static void write_answer(void* data, const std::uint8_t* bytes, std::size_t size) {
    of(data).spec_.http->write(view_of(bytes, size));
  }
  static void end_answer(void* data, const engine_field_t* fields, std::size_t count) {
    of(data).spec_.http->end(fields_of(fields, count));
  }
};

void ComponentCall::Delete::operator()(engine_component_call_t* call) const {
  slot_released();
  engine_component_call_delete(call);
}

ComponentCall::ComponentCall(const ComponentModule& module, CallSpec&& spec)
    : Runnable(spec.limits.timeout),
      module_(module),
      spec_(std::move(spec)),
      wasi_(spec_.wasi, spec_.sink, spec_.limits.output_bytes, MemoryShare(module.memory())),
      memory_(spec_.limits, kMaxComponentInstances, module.memory()) {}

ComponentCall::~ComponentCall() {
  if (engine_outcome_.common.trap != nullptr) wasm_trap_delete(engine_outcome_.common.trap);
  if (engine_outcome_.common.error != nullptr) wasmtime_error_delete(engine_outcome_.common.error);
  wasm_byte_vec_delete(&engine_outcome_.values);
  wasm_byte_vec_delete(&engine_outcome_.refusal);
}

void ComponentCall::release() {
  call_.reset();
  memory_.release();
}

void ComponentCall::on_wake(const std::function<void()>& wake) {
  const std::lock_guard lock(mutex_);
  wake_ = wake;
  if (std::exchange(was_woken_, false)) wake_();
}

void ComponentCall::wake() {
  const std::lock_guard lock(mutex_);
  if (wake_) {
    wake_();
  } else {
    was_woken_ = true;
  }
}

void ComponentCall::begin() {
  auto& spec = engine_spec_;
  spec.component = module_.component();
  spec.host = {this,
               Host::wake,
               Host::output_ready,
               Host::write,
               Host::read_body,
               Host::begin_answer,
               Host::answer_ready,
               Host::write_answer,
               Host::end_answer};
  spec.limits = memory_.limits();
  spec.first_slice_ticks = kFirstSliceTicks;
  spec.slice_ticks = kSliceTicks;
  spec.crossing_bytes = spec_.limits.output_bytes;
  arguments_.push_back(text_of(kProgramName));
  for (const auto& argument : spec_.wasi.args) arguments_.push_back(text_of(argument));
  for (const auto& [name, value] : spec_.wasi.env) {
    variables_.push_back({text_of(name), text_of(value)});
  }
  spec.arguments = arguments_.data();
  spec.argument_count = arguments_.size();
  spec.variables = variables_.data();
  spec.variable_count = variables_.size();
  spec.input = text_of(spec_.wasi.stdin_bytes);
  for (const auto& pattern : spec_.egress) egress_.push_back(text_of(pattern));
  spec.egress = module_.egress();
  spec.egress_patterns = egress_.data();
  spec.egress_pattern_count = egress_.size();
  spec.egress_owner = spec_.egress_owner;
  if (spec_.http != nullptr) {
    spec.kind = ENGINE_CALL_HTTP;
    set_request();
  } else if (spec_.command) {
    spec.kind = ENGINE_CALL_COMMAND;
  } else {
    spec.kind = ENGINE_CALL_FUNCTION;
    name_function();
  }
  call_.reset(engine_component_call_new(&spec, &engine_outcome_));
}

void ComponentCall::name_function() {
  const auto& function = *spec_.function;
  auto [interface, name] = split_component_function(function.name);
  interface_ = std::move(interface);
  function_ = std::move(name);
  for (std::size_t i = 0; i < spec_.args.size(); ++i) {
    append_value_bytes(values_, spec_.args[i], function.param[i].param_type);
  }
  engine_spec_.interface_name = text_of(interface_);
  engine_spec_.function = text_of(function_);
  engine_spec_.values = text_of(values_);
}

void ComponentCall::set_request() {
  const auto& request = spec_.http->request();
  for (const auto& [name, value] : request.fields) {
    fields_.push_back({text_of(name), text_of(value)});
  }
  engine_spec_.request = {text_of(request.method),
                          request.scheme == "https",
                          text_of(request.authority),
                          text_of(request.path_with_query),
                          fields_.data(),
                          fields_.size()};
}

Runnable::Step ComponentCall::step(Outcome& result) {
  if (call_ == nullptr) {
    // Long arguments and results are read and written in one go, which is not for an event loop.
    if (!is_heavy() && are_long(spec_.args)) {
      set_heavy();
      return {Step::Kind::kSliceUsed};
    }
    begin();
  }
  if (has_ended_) {
    result = outcome();
    return {Step::Kind::kFinished};
  }
  const auto polled = engine_component_call_poll(call_.get());
  has_ended_ = polled == ENGINE_POLL_ENDED;
  if (memory_.is_heavy()) set_heavy();
  if (has_ended_ && !is_heavy() && engine_outcome_.values.size > kLongBytes) {
    set_heavy();
    return {Step::Kind::kSliceUsed};
  }
  if (polled != ENGINE_POLL_ENDED && memory_.is_waiting()) {
    return {Step::Kind::kWaitsForMemory, memory_.wait()};
  }
  switch (polled) {
    case ENGINE_POLL_ENDED:
      result = outcome();
      return {Step::Kind::kFinished};
    case ENGINE_POLL_WAITS:
      return {Step::Kind::kSleeps, Clock::time_point::max()};
    case ENGINE_POLL_WAITS_OUTSIDE:
      return {Step::Kind::kWaitsForSink};
    default:
      return {Step::Kind::kSliceUsed};
  }
}

void ComponentCall::take_output(ExecutionResult& result) {
  const auto& common = engine_outcome_.common;
  result.instantiate = result.run;
  if (common.instantiated) {
    const std::chrono::nanoseconds taken(common.instantiate_nanoseconds);
    result.instantiate = std::max(taken - result.queued, std::chrono::nanoseconds{0});
  }
  result.run -= result.instantiate;
  result.memory_bytes = memory_.limits()->memory_used;
  result.stdout_bytes = std::move(wasi_.stdout_bytes);
  result.stderr_bytes = std::move(wasi_.stderr_bytes);
  result.output_memory = wasi_.take_output_memory();
}

Outcome ComponentCall::outcome() const {
  const auto& common = engine_outcome_.common;
  if (wasi_.output_refused || engine_outcome_.is_output_limit) return failure();
  if (spec_.http != nullptr) return answered();
  if (engine_outcome_.exited) return Exited{engine_outcome_.exit_code};
  if (common.no_such_function) {
    return Refused{{ErrorCode::kFunctionNotFound,
                    "the component exports no function " + quote(spec_.function->name)}};
  }
  if (common.trap != nullptr || common.error != nullptr) return failure();
  return returned();
}

// What comes after an answer that is whole makes it no worse.
Outcome ComponentCall::answered() const {
  const auto& outcome = engine_outcome_;
  if (outcome.answered) return Answered{};
  if (outcome.is_bad_request) {
    return Refused{
        {ErrorCode::kBadRequest, "no handler can be given this request: " + refusal_of(outcome)}};
  }
  if (outcome.exited) {
    return bad_answer("the handler exited with code " + std::to_string(outcome.exit_code));
  }
  if (outcome.common.trap != nullptr || outcome.common.error != nullptr) return failure();
  if (outcome.refusal.size > 0) {
    return bad_answer("the handler could not answer: " + refusal_of(outcome));
  }
  return bad_answer(outcome.has_head ? "the handler ended before its answer was whole"
                                     : "the handler ended without an answer");
}

Outcome ComponentCall::returned() const {
  const auto& outcome = engine_outcome_;
  auto values =
      values_from_bytes({outcome.values.data, outcome.values.size}, spec_.function->result);
  if (!values) {
    return Refused{{ErrorCode::kInternal, "the engine failed", "results are not of their types"}};
  }
  return Returned{*std::move(values), spec_.function, outcome.values.size};
}

Outcome ComponentCall::failure() const {
  if (wasi_.memory_refused) return no_memory_left();
  if (wasi_.output_refused || engine_outcome_.is_output_limit) {
    return Refused{{ErrorCode::kOutputLimit, "the guest wrote more than its limit of " +
                                                 std::to_string(spec_.limits.output_bytes) +
                                                 " bytes"}};
  }
  auto described = describe_failure(engine_outcome_.common, *memory_.limits());
  auto* trapped = std::get_if<Trapped>(&described);
  if (trapped != nullptr && engine_outcome_.refusal.size > 0) {
    trapped->message = refusal_of(engine_outcome_);
  }
  return described;
}

}  // namespace wasm_server

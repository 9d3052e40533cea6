#include "engine/invocation.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <utility>

#include "engine/compiled_module_impl.h"
#include "engine/engine_impl.h"
#include "engine/guest_failure.h"
#include "engine/guest_values.h"
#include "engine/slot_hand_over.h"
#include "engine/wasi_state.h"

namespace wasm_server {

namespace {

// Ticks until the first yield. With one slice, a call that starts just before its end would yield
// for nothing.
constexpr std::uint64_t kFirstSliceTicks = 2 * kTicksPerSlice;
constexpr std::uint64_t kSliceTicks = 1;

constexpr std::uint64_t kTableElements = 1'000'000;  // over all tables of a call
constexpr std::uint64_t kInstances = 1;

// Most functions have no more arguments or results.
constexpr std::size_t kFewValues = 4;

struct CallDeleter {
  void operator()(engine_sys_call_t* call) const {
    slot_given_back();
    engine_sys_call_delete(call);
  }
};
using CallHandle = std::unique_ptr<engine_sys_call_t, CallDeleter>;

}  // namespace

// Everything that the engine holds pointers to while the guest is suspended, which therefore stays
// where it is. The call goes first, and with it the instance.
struct Invocation::Guest {
  explicit Guest(InvocationOrder&& given)
      : order(std::move(given)),
        wasi(std::move(order.wasi), order.sink, order.limits.output_bytes),
        limits{order.limits.memory_bytes, kTableElements, kInstances, 0, 0, false, false} {}
  ~Guest() { forget_failure(); }
  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;

  void begin() {
    started = Clock::now();
    deadline = started + order.limits.timeout;
    const auto count = std::max(order.args.size(), order.result.size());
    values = few.data();
    if (count > kFewValues) {
      many.resize(count);
      values = many.data();
    }
    std::ranges::transform(order.args, values, to_engine);
    const auto& module = order.module->impl();
    engine_order = {module.engine,
                    module.instance_pre.get(),
                    &wasi,
                    &limits,
                    kFirstSliceTicks,
                    kSliceTicks,
                    order.function.data(),
                    order.function.size(),
                    values,
                    order.args.size(),
                    order.result.size(),
                    order.initialize};
    call.reset(engine_sys_call_new(&engine_order, &engine_ending));
  }

  // Stops the guest, wherever it is.
  Progress stop(decltype(Outcome::ending) ending) {
    call.reset();
    return finish(std::move(ending));
  }

  Progress finish(decltype(Outcome::ending) ending) {
    const auto taken = Clock::now() - started;
    outcome.ending = std::move(ending);
    outcome.instantiate = taken;
    if (engine_ending.instantiated) {
      outcome.instantiate = std::chrono::nanoseconds(engine_ending.instantiate_nanoseconds);
      outcome.run = taken - outcome.instantiate;
    }
    outcome.stdout_bytes = std::move(wasi.stdout_bytes);
    outcome.stderr_bytes = std::move(wasi.stderr_bytes);
    finished = true;
    return Progress::kFinished;
  }

  decltype(Outcome::ending) ending() {
    if (wasi.exit_code) return Exited{*wasi.exit_code};
    if (engine_ending.no_such_function) return no_such_function();
    if (engine_ending.trap != nullptr || engine_ending.error != nullptr) return failure();
    Returned returned;
    returned.results.reserve(order.result.size());
    for (std::size_t i = 0; i < order.result.size(); ++i) {
      returned.results.push_back(from_engine(values[i], order.result[i]));
    }
    return returned;
  }

  decltype(Outcome::ending) failure() const {
    if (wasi.output_refused) {
      return Refused{{ErrorCode::kOutputLimit, "the guest wrote more than its limit of " +
                                                   std::to_string(order.limits.output_bytes) +
                                                   " bytes"}};
    }
    return describe_failure(engine_ending, limits);
  }

  Refused no_such_function() const {
    return {{ErrorCode::kFunctionNotFound,
             "the module exports no function \"" + order.function + "\""}};
  }

  void forget_failure() {
    if (engine_ending.trap != nullptr) wasm_trap_delete(engine_ending.trap);
    if (engine_ending.error != nullptr) wasmtime_error_delete(engine_ending.error);
  }

  InvocationOrder order;
  WasiState wasi;
  engine_sys_limits_t limits;
  std::array<engine_sys_value_t, kFewValues> few{};
  std::vector<engine_sys_value_t> many;
  engine_sys_value_t* values = nullptr;  // one of the two above
  engine_sys_order_t engine_order{};
  engine_sys_ending_t engine_ending{};
  Clock::time_point started{};
  Clock::time_point deadline{};
  std::atomic<bool> cancelled{false};
  bool finished = false;
  Outcome outcome;
  CallHandle call;
};

Invocation::Invocation(InvocationOrder&& order)
    : guest_(std::make_unique<Guest>(std::move(order))) {}
Invocation::~Invocation() = default;
Invocation::Invocation(Invocation&& other) noexcept = default;
Invocation& Invocation::operator=(Invocation&& other) noexcept = default;

Invocation::Progress Invocation::poll() {
  auto& guest = *guest_;
  if (guest.finished) return Progress::kFinished;
  const bool begins = guest.call == nullptr;
  if (begins) guest.begin();
  if (guest.cancelled.load(std::memory_order_relaxed)) return guest.stop(Cancelled{});
  if (!begins && Clock::now() >= guest.deadline) return guest.stop(TimedOut{});
  if (engine_sys_call_poll(guest.call.get())) return guest.finish(guest.ending());
  const auto wait = guest.wasi.wait();
  const bool waiting = wait == WasiState::Wait::kTime || wait == WasiState::Wait::kOutput;
  return waiting ? Progress::kWaiting : Progress::kSliceUsed;
}

Invocation::Clock::time_point Invocation::wake_at() const {
  if (guest_->finished || guest_->wasi.wait() != WasiState::Wait::kTime) return guest_->deadline;
  return std::min(guest_->deadline, guest_->wasi.wake_at());
}

bool Invocation::waits_for_sink() const {
  return !guest_->finished && guest_->wasi.wait() == WasiState::Wait::kOutput;
}

void Invocation::release() { guest_->call.reset(); }

Outcome Invocation::take_outcome() { return std::move(guest_->outcome); }

void Invocation::cancel() { guest_->cancelled.store(true, std::memory_order_relaxed); }

}  // namespace wasm_server

#include "engine/invocation.h"

#include <algorithm>
#include <utility>

#include "engine/compiled_module_impl.h"
#include "engine/guest_failure.h"
#include "engine/guest_values.h"
#include "engine/wasi_state.h"

namespace wasm_server {

namespace {

// Ticks until the first yield. With one, a call that starts just before a tick would yield for
// nothing.
constexpr std::uint64_t kFirstSliceTicks = 2;
constexpr std::uint64_t kSliceTicks = 1;

constexpr std::uint64_t kTableElements = 1'000'000;  // over all tables of a call
constexpr std::uint64_t kInstances = 1;

enum class Stage : std::uint8_t { kInstantiate, kInitialize, kCall };

}  // namespace

// Everything that the engine holds pointers to while the guest is suspended. `future` goes first,
// the store last.
struct Invocation::Guest {
  explicit Guest(InvocationOrder&& order_in)
      : order(std::move(order_in)),
        wasi(std::move(order.wasi), order.sink, order.limits.output_bytes),
        limits{order.limits.memory_bytes, kTableElements, kInstances, 0, 0, false, false} {}

  ~Guest() {
    future.reset();
    if (trap != nullptr) wasm_trap_delete(trap);
    if (error != nullptr) wasmtime_error_delete(error);
  }

  void begin_instantiate() {
    store.reset(wasmtime_store_new(order.module->impl().engine, &wasi, nullptr));
    context = wasmtime_store_context(store.get());
    engine_sys_store_limit(store.get(), &limits);
    wasmtime_context_set_epoch_deadline(context, kFirstSliceTicks);
    wasmtime_context_epoch_deadline_async_yield_and_update(context, kSliceTicks);
    future.reset(wasmtime_instance_pre_instantiate_async(order.module->impl().instance_pre.get(),
                                                         context, &instance, &trap, &error));
  }

  // False when there is no such function.
  bool begin_call(std::string_view name, bool with_values) {
    wasmtime_extern_t item;
    if (!wasmtime_instance_export_get(context, &instance, name.data(), name.size(), &item)) {
      return false;
    }
    if (item.kind != WASMTIME_EXTERN_FUNC) return false;
    function = item.of.func;
    if (with_values) {
      args.reserve(order.args.size());
      for (const auto& value : order.args) args.push_back(to_engine(value));
      results.resize(order.result.size());
    }
    future.reset(wasmtime_func_call_async(context, &function, args.data(), args.size(),
                                          results.data(), results.size(), &trap, &error));
    return true;
  }

  bool failed() const { return trap != nullptr || error != nullptr; }

  decltype(Outcome::ending) ending() {
    if (failed()) return failure();
    if (wasi.exit_code) return Exited{*wasi.exit_code};
    Returned returned;
    returned.results.reserve(results.size());
    for (std::size_t i = 0; i < results.size(); ++i) {
      returned.results.push_back(from_engine(results[i], order.result[i]));
    }
    return returned;
  }

  decltype(Outcome::ending) failure() const {
    if (wasi.exit_code) return Exited{*wasi.exit_code};
    if (wasi.output_refused) {
      return Refused{{ErrorCode::kOutputLimit, "the guest wrote more than its limit of " +
                                                   std::to_string(order.limits.output_bytes) +
                                                   " bytes"}};
    }
    if (trap != nullptr) return describe_trap(*trap);
    return describe_error(*error, limits);
  }

  InvocationOrder order;
  WasiState wasi;
  engine_sys_limits_t limits;
  StoreHandle store;
  wasmtime_context_t* context = nullptr;
  wasmtime_instance_t instance{};
  wasmtime_func_t function{};
  std::vector<wasmtime_val_t> args;
  std::vector<wasmtime_val_t> results;
  wasm_trap_t* trap = nullptr;
  wasmtime_error_t* error = nullptr;
  Stage stage = Stage::kInstantiate;
  FutureHandle future;
};

Invocation::Invocation(InvocationOrder order) : guest_(std::make_unique<Guest>(std::move(order))) {}
Invocation::~Invocation() = default;

Invocation::Progress Invocation::poll() {
  if (guest_ == nullptr) return Progress::kFinished;
  if (guest_->future == nullptr) {
    started_ = Clock::now();
    deadline_ = started_ + guest_->order.limits.timeout;
    guest_->begin_instantiate();
  } else if (cancelled_.load(std::memory_order_relaxed)) {
    finish(Cancelled{});
    return Progress::kFinished;
  } else if (Clock::now() >= deadline_) {
    finish(TimedOut{});
    return Progress::kFinished;
  }
  while (wasmtime_call_future_poll(guest_->future.get())) {
    if (!advance()) return Progress::kFinished;
  }
  const auto wait = guest_->wasi.wait();
  const bool waiting = wait == WasiState::Wait::kTime || wait == WasiState::Wait::kOutput;
  return waiting ? Progress::kWaiting : Progress::kSliceUsed;
}

// A stage is over: begins the next, or finishes.
bool Invocation::advance() {
  auto& guest = *guest_;
  guest.future.reset();
  if (guest.stage == Stage::kInstantiate) instantiated_ = Clock::now();
  if (guest.failed() || guest.stage == Stage::kCall) {
    finish(guest.ending());
    return false;
  }
  if (guest.stage == Stage::kInstantiate && guest.order.initialize) {
    guest.stage = Stage::kInitialize;
    if (guest.begin_call("_initialize", false)) return true;
  }
  guest.stage = Stage::kCall;
  if (guest.begin_call(guest.order.function, true)) return true;
  finish(Refused{{ErrorCode::kFunctionNotFound,
                  "the module exports no function \"" + guest.order.function + "\""}});
  return false;
}

// Ends the guest, wherever it is, and gives its instance back to the pool.
void Invocation::finish(decltype(Outcome::ending) ending) {
  const auto now = Clock::now();
  const bool ran = instantiated_ != Clock::time_point{};
  outcome_.ending = std::move(ending);
  outcome_.instantiate = (ran ? instantiated_ : now) - started_;
  outcome_.run = ran ? now - instantiated_ : Clock::duration::zero();
  guest_->future.reset();
  outcome_.stdout_bytes = std::move(guest_->wasi.stdout_bytes);
  outcome_.stderr_bytes = std::move(guest_->wasi.stderr_bytes);
  guest_.reset();
}

Invocation::Clock::time_point Invocation::wake_at() const {
  if (guest_ == nullptr || guest_->wasi.wait() != WasiState::Wait::kTime) return deadline_;
  return std::min(deadline_, guest_->wasi.wake_at());
}

Outcome Invocation::take_outcome() { return std::move(outcome_); }

}  // namespace wasm_server

// What the limits of a call cost it: a fresh instance of a module with one page of memory, a call,
// and its end, on a fiber. Wanted: at most 5 %.
//   Unlimited  an engine without epochs, a store without limits
//   Limited    epochs with a deadline that yields, and sums of memory, tables and instances watched
// `add` is the shortest call there is; `loop` runs a loop of 10,000 rounds, each of which looks at
// the epoch.

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string_view>

#include <benchmark/benchmark.h>

#include "engine/handles.h"

namespace wasm_server {
namespace {

constexpr std::string_view kModule =
    "(module (memory (export \"memory\") 1)"
    " (func (export \"add\") (param i32) (param i32) (result i32)"
    "  (i32.add (local.get 0) (local.get 1)))"
    " (func (export \"loop\") (param $i i32) (param $sum i32) (result i32)"
    "  (loop $next"
    "   (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 31)) (local.get $i)))"
    "   (br_if $next (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))"
    "  (local.get $sum)))";

constexpr std::uint32_t kSlots = 100;
constexpr std::int64_t kMemoryBytes = 256LL << 20;
constexpr std::int64_t kTableElements = 1'000'000;
constexpr std::uint64_t kDeadlineTicks = 1'000'000;

void check(wasmtime_error_t* error) {
  const ErrorHandle held(error);
  if (error != nullptr) throw std::runtime_error(message_of(error));
}

EngineHandle make_engine(bool limited) {
  auto* config = wasm_config_new();
  wasmtime_config_epoch_interruption_set(config, limited);
  auto* pool = wasmtime_pooling_allocation_config_new();
  wasmtime_pooling_allocation_config_total_core_instances_set(pool, kSlots);
  wasmtime_pooling_allocation_config_total_memories_set(pool, kSlots);
  wasmtime_pooling_allocation_config_total_tables_set(pool, kSlots);
  wasmtime_pooling_allocation_config_total_stacks_set(pool, kSlots);
  engine_sys_pool_use_pagemap_scan(pool);
  wasmtime_pooling_allocation_strategy_set(config, pool);
  wasmtime_pooling_allocation_config_delete(pool);
  wasm_engine_t* engine = nullptr;
  check(engine_sys_engine_new(config, &engine));
  return EngineHandle(engine);
}

// The module, ready to be instantiated with or without limits.
struct Prepared {
  explicit Prepared(bool limited_in) : limited(limited_in), engine(make_engine(limited_in)) {
    ByteVec wasm;
    check(wasmtime_wat2wasm(kModule.data(), kModule.size(), wasm.out()));
    wasmtime_module_t* compiled = nullptr;
    check(wasmtime_module_new(engine.get(),
                              reinterpret_cast<const std::uint8_t*>(wasm.view().data()),
                              wasm.view().size(), &compiled));
    module.reset(compiled);
    linker.reset(wasmtime_linker_new(engine.get()));
    wasmtime_instance_pre_t* made = nullptr;
    check(wasmtime_linker_instantiate_pre(linker.get(), module.get(), &made));
    instance_pre.reset(made);
  }

  bool limited;
  EngineHandle engine;
  ModuleHandle module;
  LinkerHandle linker;
  InstancePreHandle instance_pre;
};

void finish(FutureHandle future) {
  while (!wasmtime_call_future_poll(future.get())) {
  }
}

std::int32_t call(const Prepared& prepared, std::string_view name, std::int32_t argument) {
  const StoreHandle store(wasmtime_store_new(prepared.engine.get(), nullptr, nullptr));
  auto* context = wasmtime_store_context(store.get());
  if (prepared.limited) {
    wasmtime_store_limiter(store.get(), kMemoryBytes, kTableElements, 1, 8, 8);
    wasmtime_context_set_epoch_deadline(context, kDeadlineTicks);
    wasmtime_context_epoch_deadline_async_yield_and_update(context, 1);
  }
  wasmtime_instance_t instance;
  wasm_trap_t* trap = nullptr;
  wasmtime_error_t* error = nullptr;
  finish(FutureHandle(wasmtime_instance_pre_instantiate_async(prepared.instance_pre.get(), context,
                                                              &instance, &trap, &error)));
  check(error);
  wasmtime_extern_t item;
  if (!wasmtime_instance_export_get(context, &instance, name.data(), name.size(), &item)) {
    throw std::runtime_error("no such export");
  }
  wasmtime_val_t args[2] = {};
  args[0].kind = args[1].kind = WASMTIME_I32;
  args[0].of.i32 = argument;
  args[1].of.i32 = 1;
  wasmtime_val_t result{};
  finish(FutureHandle(
      wasmtime_func_call_async(context, &item.of.func, args, 2, &result, 1, &trap, &error)));
  check(error);
  if (trap != nullptr) throw std::runtime_error("the call trapped");
  return result.of.i32;
}

const Prepared& prepared(bool limited) {
  static const Prepared kUnlimited(false);
  static const Prepared kLimited(true);
  return limited ? kLimited : kUnlimited;
}

void run(benchmark::State& state, bool limited, std::string_view name, std::int32_t argument) {
  const auto& module = prepared(limited);
  for (auto _ : state) benchmark::DoNotOptimize(call(module, name, argument));
  state.SetItemsProcessed(state.iterations());
}

constexpr std::int32_t kRounds = 10'000;

void Unlimited_add(benchmark::State& state) { run(state, false, "add", 41); }
void Limited_add(benchmark::State& state) { run(state, true, "add", 41); }
void Unlimited_loop(benchmark::State& state) { run(state, false, "loop", kRounds); }
void Limited_loop(benchmark::State& state) { run(state, true, "loop", kRounds); }

BENCHMARK(Unlimited_add);
BENCHMARK(Limited_add);
BENCHMARK(Unlimited_loop);
BENCHMARK(Limited_loop);

}  // namespace
}  // namespace wasm_server

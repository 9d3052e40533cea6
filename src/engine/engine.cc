#include "engine/engine.h"

#include <sys/mman.h>

#include <algorithm>
#include <utility>
#include <vector>

#include <spdlog/spdlog.h>

#include "engine/code/component_module.h"
#include "engine/code/mapping_budget.h"
#include "engine/compile_config.h"
#include "engine/engine_impl.h"
#include "engine/inspect/inspect.h"
#include "engine/wasi/wasi.h"

namespace wasm_server {

namespace {

// The engine's records of one instance: 32 bytes for each function that may be referred to.
constexpr std::size_t kInstanceBytes = 64U << 20;
static_assert(kInstanceBytes > ModuleBounds::kMaxFunctions * 32);
// Toolchains make components of about three to six.
constexpr std::uint32_t kInstancesPerSlot = 8;
// Pages above this are given back after a call instead of being zeroed in place.
constexpr std::size_t kKeepResidentBytes = 64U << 10;
constexpr std::size_t kTableKeepResidentBytes = 4U << 10;
// The engine's records of one component's instance: its handles and pointers to its functions.
constexpr std::size_t kComponentInstanceBytes = 1U << 20;

wasmtime_pooling_allocation_config_t* make_pool(const EngineSettings& settings,
                                                std::uint32_t slots) {
  auto* pool = wasmtime_pooling_allocation_config_new();
  // A count and no room of their own: of components every call has some.
  wasmtime_pooling_allocation_config_total_core_instances_set(pool, slots * kInstancesPerSlot);
  wasmtime_pooling_allocation_config_total_memories_set(pool, slots);
  wasmtime_pooling_allocation_config_total_tables_set(pool, slots);
  wasmtime_pooling_allocation_config_total_stacks_set(pool, slots);
  wasmtime_pooling_allocation_config_total_gc_heaps_set(pool,
                                                        std::min<std::uint32_t>(slots, 1'000));
  // A slot stays with its module for as long as there are others: to map the image of another one's
  // memory costs about 13 us. (1 of 3,000 modules: 34 us a request with the default of 100, 21 so.)
  wasmtime_pooling_allocation_config_max_unused_warm_slots_set(pool, slots);
  wasmtime_pooling_allocation_config_max_memories_per_module_set(pool, ModuleBounds{}.memories);
  wasmtime_pooling_allocation_config_max_tables_per_module_set(pool, ModuleBounds{}.tables);
  wasmtime_pooling_allocation_config_max_core_instance_size_set(pool, kInstanceBytes);
  wasmtime_pooling_allocation_config_total_component_instances_set(pool, slots);
  wasmtime_pooling_allocation_config_max_component_instance_size_set(pool, kComponentInstanceBytes);
  wasmtime_pooling_allocation_config_max_core_instances_per_component_set(pool,
                                                                          kMaxComponentInstances);
  wasmtime_pooling_allocation_config_max_memories_per_component_set(pool, ModuleBounds{}.memories);
  wasmtime_pooling_allocation_config_max_tables_per_component_set(pool, ModuleBounds{}.tables);
  wasmtime_pooling_allocation_config_max_memory_size_set(pool, settings.max_memory_bytes);
  wasmtime_pooling_allocation_config_table_elements_set(pool, settings.table_elements);
  wasmtime_pooling_allocation_config_linear_memory_keep_resident_set(pool, kKeepResidentBytes);
  wasmtime_pooling_allocation_config_table_keep_resident_set(pool, kTableKeepResidentBytes);
  engine_sys_pool_use_pagemap_scan(pool);
  return pool;
}

// For all code of the engine; what does not lie in the arena has a mapping of its own.
engine_sys_code_memory_t code_memory(CodeArena& arena) {
  const auto publish = [](void* data, const std::uint8_t* text, std::size_t size) {
    return static_cast<CodeArena*>(data)->contains(text) ||
           ::mprotect(const_cast<std::uint8_t*>(text), size, PROT_READ | PROT_EXEC) == 0;
  };
  const auto withdraw = [](void* data, const std::uint8_t* text) {
    auto& held = *static_cast<CodeArena*>(data);
    if (held.contains(text)) held.remove(text);
  };
  return {.data = &arena, .publish = publish, .withdraw = withdraw};
}

// That, and where it runs.
wasm_config_t* make_config(const EngineSettings& settings, std::uint32_t slots, Tier tier) {
  auto* config = make_compile_config(settings.max_wasm_stack_bytes, tier);
  auto* pool = make_pool(settings, slots);
  wasmtime_pooling_allocation_strategy_set(config, pool);
  wasmtime_pooling_allocation_config_delete(pool);
  return config;
}

Result<EngineTier> make_tier(const EngineSettings& settings, std::uint32_t slots, Tier tier,
                             CodeArena* arena) {
  auto* config = make_config(settings, slots, tier);
  if (arena != nullptr) engine_sys_config_code_memory_set(config, code_memory(*arena));
  auto engine = make_engine(config);
  if (!engine) return std::unexpected{std::move(engine).error()};
  EngineTier made;
  made.engine = std::move(*engine);
  made.linker.reset(wasmtime_linker_new(made.engine.get()));
  define_wasi(*made.linker);
  engine_component_linker_t* component_linker = nullptr;
  const ErrorHandle error{engine_component_linker_new(made.engine.get(), &component_linker)};
  if (error != nullptr) return fail(ErrorCode::kInternal, message_of(error.get()));
  made.component_linker.reset(component_linker);
  made.memory = settings.memory;
  return made;
}

Result<EgressHandle> make_egress(const EgressSettings& settings) {
  std::vector<engine_text_t> allow;
  for (const auto& pattern : settings.allow) allow.push_back({pattern.data(), pattern.size()});
  const engine_egress_settings_t given{
      .is_on = settings.modules,
      .private_allowed = settings.private_addresses,
      .allow = allow.data(),
      .allow_count = allow.size(),
      .ca_file = {settings.ca_file.data(), settings.ca_file.size()},
      .connections = settings.connections,
      .requests = settings.requests,
      .bytes = settings.bytes};
  engine_egress_t* egress = nullptr;
  const ErrorHandle error{engine_egress_new(&given, &egress)};
  if (error != nullptr) return fail(ErrorCode::kInternal, message_of(error.get()));
  return EgressHandle{egress};
}

// With the largest pool, at most `slots`, that can be mapped; sets `slots` to that.
Result<EngineTier> make_largest_tier(const EngineSettings& settings, std::uint32_t& slots,
                                     Tier tier, CodeArena* arena) {
  while (true) {
    auto made = make_tier(settings, slots, tier, arena);
    if (made || slots <= MappingBudget::kSmallestPool) return made;
    spdlog::warn("a pool of {} slots cannot be mapped: {}", slots, made.error().message);
    slots = std::max(MappingBudget::kSmallestPool, slots / 2);
  }
}

}  // namespace

Ticker::Ticker(std::vector<wasm_engine_t*> engines, std::chrono::milliseconds slice) {
  thread_ = std::thread([this, engines = std::move(engines), slice] { run(engines, slice); });
}

void Ticker::run(const std::vector<wasm_engine_t*>& engines, std::chrono::milliseconds slice) {
  auto next = std::chrono::steady_clock::now();
  while (!stop_.load(std::memory_order_relaxed)) {
    paused_.wait(true);
    const unsigned ticks = has_short_slices() ? 1 : kTicksPerSlice;
    const auto pause = ticks * std::chrono::microseconds(slice) / kTicksPerSlice;
    next += pause;
    std::this_thread::sleep_until(next);
    // After a pause of the machine one tick is enough; catching up would end slices that never ran.
    next = std::max(next, std::chrono::steady_clock::now() - pause);
    for (auto* engine : engines) {
      for (unsigned i = 0; i < ticks; ++i) wasmtime_engine_increment_epoch(engine);
    }
  }
}

void Ticker::pause(bool on) {
  paused_ = on;
  if (!on) paused_.notify_one();
}

Ticker::~Ticker() {
  stop_ = true;
  pause(false);
  thread_.join();
}

Result<std::unique_ptr<Engine>> Engine::make(const EngineSettings& settings) {
  auto impl = std::make_unique<Impl>();
  const auto budget = MappingBudget::of(MappingBudget::allowed(), settings.pool_slots);
  impl->pool_slots = budget.slots;
  impl->max_mapped = budget.codes;
  auto arena = CodeArena::make(settings.code_arena_bytes);
  if (!arena) spdlog::warn("each module has mappings of its own: {}", arena.error().message);
  if (arena) impl->arena = std::move(*arena);
  auto egress = make_egress(settings.egress);
  if (!egress) return std::unexpected{std::move(egress).error()};
  impl->egress = std::move(*egress);
  auto optimized =
      make_largest_tier(settings, impl->pool_slots, Tier::kOptimized, impl->arena.get());
  if (!optimized) return std::unexpected{std::move(optimized).error()};
  impl->optimized = std::move(*optimized);
  impl->optimized.egress = impl->egress.get();
  if (impl->pool_slots < settings.pool_slots) {
    spdlog::warn("the pool has {} slots instead of {}", impl->pool_slots, settings.pool_slots);
  }
  std::uint32_t baseline_slots = std::min(impl->pool_slots, budget.baseline);
  auto baseline = make_largest_tier(settings, baseline_slots, Tier::kBaseline, nullptr);
  if (!baseline) return std::unexpected{std::move(baseline).error()};
  impl->baseline = std::move(*baseline);
  impl->baseline.egress = impl->egress.get();

  impl->compatibility = engine_sys_compatibility_hash(impl->optimized.engine.get());
  impl->ticker = std::make_unique<Ticker>(
      std::vector{impl->optimized.engine.get(), impl->baseline.engine.get()}, settings.slice);
  return std::unique_ptr<Engine>(new Engine(std::move(impl)));
}

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Engine::~Engine() = default;

Result<Bytes> Engine::wat_to_wasm(std::string_view text) const {
  ByteVec wasm;
  const ErrorHandle error{wasmtime_wat2wasm(text.data(), text.size(), wasm.out())};
  if (error != nullptr) return fail(ErrorCode::kInvalidModule, message_of(error.get()));
  return Bytes(wasm.view());
}

EgressFigures Engine::egress_figures() const {
  const auto figures = engine_egress_read_figures(impl_->egress.get());
  return {.answered = figures.answered,
          .denied = figures.denied,
          .failed = figures.failed,
          .reused = figures.reused,
          .bytes = figures.bytes,
          .open_connections = figures.open_connections,
          .idle_connections = figures.idle_connections};
}

std::uint64_t Engine::compatibility() const { return impl_->compatibility; }

std::uint32_t Engine::pool_slots() const { return impl_->pool_slots; }
std::size_t Engine::max_mapped() const { return impl_->max_mapped; }

void Engine::short_slices(bool on) { impl_->ticker->short_slices(on); }
bool Engine::has_short_slices() const { return impl_->ticker->has_short_slices(); }
void Engine::pause_slices(bool on) { impl_->ticker->pause(on); }

}  // namespace wasm_server

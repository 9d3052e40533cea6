#pragma once

// The engine's inside, for the engine folder only.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "engine/code/code_arena.h"
#include "engine/code/compiled_module.h"
#include "engine/engine.h"
#include "engine/handles.h"

namespace wasm_server {

// Wasmtime with one compiler, and everything that a guest may import.
struct EngineTier {
  EngineHandle engine;
  LinkerHandle linker;
  ComponentLinkerHandle component_linker;
  MemoryBudget* memory = nullptr;  // EngineSettings
  const engine_egress_t* egress = nullptr;
};

// Into so many ticks of the epoch a slice can be divided.
inline constexpr unsigned kTicksPerSlice = 4;

// Increments the epochs, unless it is paused: once per tick, or all ticks of a slice together.
class Ticker {
 public:
  Ticker(std::vector<wasm_engine_t*> engines, std::chrono::milliseconds slice);
  ~Ticker();
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;

  void short_slices(bool on) { short_slices_.store(on, std::memory_order_relaxed); }
  bool has_short_slices() const { return short_slices_.load(std::memory_order_relaxed); }
  void pause(bool on);

 private:
  void run(const std::vector<wasm_engine_t*>& engines, std::chrono::milliseconds slice);

  std::atomic<bool> stop_{false};
  std::atomic<bool> short_slices_{false};
  std::atomic<bool> paused_{false};
  std::thread thread_;
};

struct Engine::Impl {
  std::unique_ptr<CodeArena> arena;  // of `optimized`; null where the system does not allow it
  EgressHandle egress;
  EngineTier optimized;
  EngineTier baseline;
  std::uint32_t pool_slots = 0;
  std::size_t max_mapped = 0;
  std::uint64_t compatibility = 0;  // artefacts made under another value do not load
  std::unique_ptr<Ticker> ticker;

  const EngineTier& of(Tier tier) const { return tier == Tier::kOptimized ? optimized : baseline; }
};

}  // namespace wasm_server

#pragma once

// The engine's inside, for the engine folder only.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "base/thread_priority.h"
#include "engine/code_arena.h"
#include "engine/compiled_module.h"
#include "engine/engine.h"
#include "engine/engine_threads.h"
#include "engine/handles.h"
#include "engine/spare_threads.h"

namespace wasm_server {

// Wasmtime with one compiler, and everything that a guest may import.
struct EngineTier {
  EngineHandle engine;
  LinkerHandle linker;
};

// Into so many ticks of the epoch a slice can be divided.
inline constexpr unsigned kTicksPerSlice = 4;

// Increments the epochs, for as long as it lives: once per tick, or all ticks of a slice together.
class Ticker {
 public:
  Ticker(std::vector<wasm_engine_t*> engines, std::chrono::milliseconds slice);
  ~Ticker();
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;

  void short_slices(bool on) { short_slices_.store(on, std::memory_order_relaxed); }
  bool has_short_slices() const { return short_slices_.load(std::memory_order_relaxed); }

 private:
  void run(const std::vector<wasm_engine_t*>& engines, std::chrono::milliseconds slice);

  std::atomic<bool> stop_{false};
  std::atomic<bool> short_slices_{false};
  std::thread thread_;
};

struct Engine::Impl {
  explicit Impl(unsigned threads)
      : small_compilers("compile", threads, lower_own_priority),
        large_compilers("optimise", threads, lower_own_priority),
        spare_compilers(std::max(1U, threads / 2)),
        spare_checkers(threads) {}

  std::unique_ptr<CodeArena> arena;  // of `optimized`; null where the system does not allow it
  EngineTier optimized;
  EngineTier baseline;
  // Compiles for `optimized` and runs nothing: a lock of its compiler, held by a thread that only
  // gets spare time, holds up nobody else.
  EngineHandle precompiler;
  // Divides nothing among threads, and runs nothing: an event loop that has a small module
  // validated does not wait for those that compile.
  EngineHandle validator;
  // A large module takes seconds, and who waits for a small one does not wait for that.
  EngineThreads small_compilers;
  EngineThreads large_compilers;
  SpareThreads spare_compilers;  // on half of the cores
  SpareThreads spare_checkers;   // what is to be checked does not queue behind what is compiled
  std::uint32_t pool_slots = 0;
  std::size_t most_mapped = 0;
  std::uint64_t compatibility = 0;  // artefacts made under another value do not load
  std::unique_ptr<Ticker> ticker;

  const EngineTier& of(Tier tier) const { return tier == Tier::kOptimized ? optimized : baseline; }
};

}  // namespace wasm_server

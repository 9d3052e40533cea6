#pragma once

// The engine's inside, for the engine folder only.

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "engine/compiled_module.h"
#include "engine/engine.h"
#include "engine/handles.h"

namespace wasm_server {

// Wasmtime with one compiler, and everything that a guest may import.
struct EngineTier {
  EngineHandle engine;
  LinkerHandle linker;
};

// Increments the epochs once per tick, for as long as it lives.
class Ticker {
 public:
  Ticker(std::vector<wasm_engine_t*> engines, std::chrono::milliseconds tick);
  ~Ticker();
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;

 private:
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

struct Engine::Impl {
  EngineTier optimized;
  EngineTier baseline;
  std::uint32_t pool_slots = 0;
  std::uint64_t compatibility = 0;  // artefacts made under another value do not load
  std::unique_ptr<Ticker> ticker;

  const EngineTier& of(Tier tier) const { return tier == Tier::kOptimized ? optimized : baseline; }
};

}  // namespace wasm_server

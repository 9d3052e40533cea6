#pragma once

// The engine's inside, for the engine folder only.

#include <atomic>
#include <cstdint>
#include <thread>

#include "engine/engine.h"
#include "engine/handles.h"

namespace wasm_server {

// Increments the epoch once per tick, for as long as it lives.
class Ticker {
 public:
  Ticker(wasm_engine_t* engine, std::chrono::milliseconds tick);
  ~Ticker();

 private:
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

struct Engine::Impl {
  EngineHandle engine;
  LinkerHandle linker;  // everything that a guest may import
  std::uint32_t pool_slots = 0;
  std::uint64_t compatibility = 0;  // artefacts made under another value do not load
  EngineSettings settings;
  std::unique_ptr<Ticker> ticker;
};

}  // namespace wasm_server

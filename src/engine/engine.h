#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/memory_budget.h"
#include "base/result.h"
#include "engine/egress.h"

namespace wasm_server {

struct EngineSettings {
  std::uint32_t pool_slots = 10'240;  // instances, memories and stacks that may live at once
  std::uint64_t max_memory_bytes = 4ULL << 30;  // of one call
  std::size_t max_wasm_stack_bytes = 512U << 10;
  std::uint32_t table_elements = 100'000;   // of one table
  std::chrono::milliseconds slice{1};       // length of a time slice
  std::size_t code_arena_bytes = 1U << 30;  // of address space, for small modules
  // That the memory of guests, and what they write, is taken from; outlives all calls. Null: it is
  // not counted.
  MemoryBudget* memory = nullptr;
  EgressSettings egress{};
};

// Wasmtime, set up for this server: pooling allocator, epochs with one ticker, guests on fibers.
// One per process; safe from any thread. Everything compiled or running must be gone before it.
class Engine {
 public:
  // Takes the largest pool that the address space allows, at most the one asked for, and logs when
  // it is less.
  static Result<std::unique_ptr<Engine>> make(const EngineSettings& settings);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // WebAssembly text to binary. kInvalidModule with line and column.
  Result<Bytes> wat_to_wasm(std::string_view text) const;

  // Artefacts that were made under another value do not load.
  std::uint64_t compatibility() const;

  std::uint32_t pool_slots() const;
  // How many compiled modules with mappings of their own may be held beside the pool
  // (engine/code/mapping_budget.h).
  std::size_t max_mapped() const;

  // While it is on, slices after a call's first one are a quarter as long. For as long as calls run
  // in the background: a thread that waits for their core waits for the end of a slice, because the
  // kernel looks every 4 ms only. Off, the ticker wakes a quarter as often.
  void short_slices(bool on);
  bool has_short_slices() const;

  // While it is on, time slices have no end, and no thread wakes to end them. For as long as no
  // guest runs.
  void pause_slices(bool on);

  EgressFigures egress_figures() const;

  struct Impl;
  Impl& impl() const { return *impl_; }  // for the engine folder only

 private:
  explicit Engine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace wasm_server

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace wasm_server {

struct EngineSettings {
  std::uint32_t pool_slots = 10'240;  // instances, memories and stacks that may live at once
  std::uint64_t max_memory_bytes = 4ULL << 30;  // of one call
  std::size_t max_wasm_stack_bytes = 512U << 10;
  std::uint32_t table_elements = 100'000;   // of one table
  std::chrono::milliseconds slice{1};       // length of a time slice
  unsigned compile_threads = 0;             // 0: one per core
  std::size_t code_arena_bytes = 1U << 30;  // of address space, for small modules
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

  // Has `work` done in time that nobody else wants, and waits for it. It computes and takes no lock
  // that others take: it may be left standing anywhere for as long as the machine is busy. What it
  // throws is thrown here.
  void in_spare_time(const std::function<void()>& work) const;

  // Whether anything is done in spare time now, which keeps a core whenever it is offered.
  bool uses_spare_time() const;

  // From how many bytes on a module is worth dividing among threads to be validated.
  static constexpr std::size_t kLargeModule = 1U << 20;

  // kInvalidModule with the engine's reason when `wasm` is not a valid module for it. A smaller one
  // than kLargeModule is validated on the calling thread alone, a larger one is divided among the
  // threads to which the caller's belongs (in_spare_time).
  Result<void> validate(std::string_view wasm) const;

  // WebAssembly text to binary. kInvalidModule with line and column.
  Result<Bytes> wat_to_wasm(std::string_view text) const;

  std::uint32_t pool_slots() const;
  // How many compiled modules with mappings of their own may be held beside the pool
  // (engine/mapping_budget.h).
  std::size_t most_mapped() const;

  // After much was compiled: the calling thread and the engine's own ones give the memory that they
  // do not use any more back to the system.
  void give_back_memory() const;

  // While it is on, slices after a call's first one are a quarter as long. For as long as calls run
  // in the background: a thread that waits for their core waits for the end of a slice, because the
  // kernel looks every 4 ms only. Off, the ticker wakes a quarter as often.
  void short_slices(bool on);
  bool has_short_slices() const;

  struct Impl;
  Impl& impl() const { return *impl_; }  // for the engine folder only

 private:
  explicit Engine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace wasm_server

#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/call.h"
#include "engine/compiled_module.h"

namespace wasm_server {

// What to call.
struct InvocationOrder {
  std::shared_ptr<const CompiledModule> module;
  std::string function;           // an export
  std::vector<Value> args;        // of the function's parameter types
  std::vector<ValueType> result;  // of the function
  bool initialize = false;        // a WASI reactor: call `_initialize` first
  CallLimits limits;
  WasiInput wasi;
  OutputSink* sink = nullptr;  // takes standard output; null: it is collected in the Outcome
};

// One call of one function in a fresh instance, from start to Outcome: a fiber that runs one time
// slice per poll. It may move between threads between polls but is used by one at a time. Dropping
// it stops the guest, wherever it is.
class Invocation {
 public:
  using Clock = std::chrono::steady_clock;

  enum class Progress : std::uint8_t {
    kFinished,   // take_outcome()
    kSliceUsed,  // wants to go on
    kWaiting,    // in a host call, until wake_at() or until its sink has room
  };

  explicit Invocation(InvocationOrder&& order);
  ~Invocation();
  Invocation(Invocation&& other) noexcept;
  Invocation& operator=(Invocation&& other) noexcept;

  // Runs the guest for one slice. The first call starts the clock of the deadline.
  Progress poll();

  // When a waiting call must be polled again; never later than its deadline.
  Clock::time_point wake_at() const;
  // Whether a waiting call waits for its sink to have room, and so for nothing but its deadline
  // otherwise.
  bool waits_for_sink() const;

  // Once, after kFinished.
  Outcome take_outcome();

  // After kFinished: gives the instance back to the pool, which takes longer than a short call
  // does, so the answer may go first. Destruction does it too.
  void release();

  // The next poll finishes the call with Cancelled. Safe from any thread.
  void cancel();

 private:
  struct Guest;

  std::unique_ptr<Guest> guest_;
};

}  // namespace wasm_server

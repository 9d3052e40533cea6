#pragma once

// One call of a core module's function in a fresh instance, on a fiber of the engine's. For the
// engine folder only; others make it with CompiledModule::make_runnable.

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

#include "engine/code/core_module.h"
#include "engine/runnable/call_memory.h"
#include "engine/runnable/call_spec.h"
#include "engine/runnable/runnable.h"
#include "engine/wasi/wasi_state.h"

namespace wasm_server {

class CoreCall : public Runnable {
 public:
  CoreCall(const CoreModule& module, CallSpec&& spec);
  ~CoreCall() override;

  void release() override;

 private:
  struct Delete {
    void operator()(engine_sys_call_t* call) const;
  };

  Step step(Outcome& outcome) override;
  void take_output(ExecutionResult& result) override;
  void begin();
  Outcome outcome() const;
  Outcome returned() const;
  Outcome failure() const;
  Refused no_such_function() const;

  // Most functions have no more arguments or results.
  static constexpr std::size_t kFewValues = 4;

  // The engine holds pointers to all of this while the guest is suspended. The call is destroyed
  // first, and with it the instance.
  const CoreModule& module_;
  const CallSpec spec_;
  WasiState wasi_;
  CallMemory memory_;
  std::array<engine_sys_value_t, kFewValues> few_{};
  std::vector<engine_sys_value_t> many_;
  engine_sys_value_t* values_ = nullptr;  // one of the two above
  engine_sys_call_spec_t engine_spec_{};
  engine_sys_outcome_t engine_outcome_{};
  std::unique_ptr<engine_sys_call_t, Delete> call_;
};

}  // namespace wasm_server

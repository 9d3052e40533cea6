#pragma once

// One call of a component in a fresh instance, on a fiber of the engine's: of a function typed by
// WIT, of a command, or of an HTTP handler. For the engine folder only; others make it with
// CompiledModule::make_runnable.

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/bytes.h"
#include "engine/code/component_module.h"
#include "engine/runnable/call_memory.h"
#include "engine/runnable/call_spec.h"
#include "engine/runnable/runnable.h"
#include "engine/wasi/wasi_state.h"

namespace wasm_server {

class ComponentCall : public Runnable {
 public:
  ComponentCall(const ComponentModule& module, CallSpec&& spec);
  ~ComponentCall() override;

  void on_wake(const std::function<void()>& wake) override;
  void release() override;

 private:
  struct Delete {
    void operator()(engine_component_call_t* call) const;
  };

  // The engine's way back to here.
  struct Host;

  Step step(Outcome& outcome) override;
  void take_output(ExecutionResult& result) override;
  void begin();
  void name_function();
  void set_request();
  void wake();
  Outcome outcome() const;
  Outcome answered() const;
  Outcome returned() const;
  Outcome failure() const;

  // The engine holds pointers to all of this while the guest is suspended. The call is destroyed
  // first, and with it the instance.
  const ComponentModule& module_;
  const CallSpec spec_;
  WasiState wasi_;
  CallMemory memory_;
  Bytes interface_;
  Bytes function_;
  Bytes values_;
  std::vector<engine_text_t> arguments_;
  std::vector<engine_field_t> variables_;
  std::vector<engine_field_t> fields_;
  std::vector<engine_text_t> egress_;
  engine_component_spec_t engine_spec_{};
  engine_component_outcome_t engine_outcome_{};
  bool has_ended_ = false;

  std::mutex mutex_;
  std::function<void()> wake_;  // guarded by mutex_, as the next
  bool was_woken_ = false;      // with nobody to tell

  std::unique_ptr<engine_component_call_t, Delete> call_;
};

}  // namespace wasm_server

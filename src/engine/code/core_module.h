#pragma once

// A compiled core module's inside, for the engine folder only.

#include <memory>
#include <optional>
#include <utility>

#include "engine/code/compiled_module.h"
#include "engine/handles.h"

namespace wasm_server {

struct EngineTier;

class CoreModule : public CompiledModule {
 public:
  // Takes the module over, and resolves its imports.
  CoreModule(const EngineTier& engine, ModuleHandle module, Tier tier, bool in_arena);
  // Without code.
  explicit CoreModule(Error link_error) : link_error_(std::move(link_error)) {}

  Tier tier() const override { return tier_; }
  Result<Bytes> serialize() const override;
  CodeCost cost() const override;
  const std::optional<Error>& link_error() const override { return link_error_; }
  std::unique_ptr<Runnable> make_runnable(CallSpec&& spec) const override;

  wasm_engine_t* engine() const { return engine_; }
  // That calls take their memory from; null: it is not counted.
  MemoryBudget* memory() const { return memory_; }
  // Null when link_error() is set.
  const wasmtime_instance_pre_t* instance_pre() const { return instance_pre_.get(); }

 private:
  wasm_engine_t* engine_ = nullptr;
  MemoryBudget* memory_ = nullptr;
  Tier tier_ = Tier::kOptimized;
  ModuleHandle module_;  // null without code
  InstancePreHandle instance_pre_;
  std::optional<Error> link_error_;
  bool in_arena_ = false;
};

}  // namespace wasm_server

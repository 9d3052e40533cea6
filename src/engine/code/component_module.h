#pragma once

// A compiled component's inside, for the engine folder only.

#include <cstdint>
#include <memory>
#include <optional>

#include "engine/code/compiled_module.h"
#include "engine/handles.h"

namespace wasm_server {

struct EngineTier;

// Of modules, in one component. Toolchains make up to about ten.
inline constexpr std::uint32_t kMaxComponentInstances = 100;

class ComponentModule : public CompiledModule {
 public:
  // Takes the code over, and resolves its imports.
  ComponentModule(const EngineTier& engine, ComponentCodeHandle code, Tier tier, bool in_arena);

  Tier tier() const override { return tier_; }
  Result<Bytes> serialize() const override;
  CodeCost cost() const override;
  const std::optional<Error>& link_error() const override { return link_error_; }
  std::unique_ptr<Runnable> make_runnable(CallSpec&& spec) const override;

  // That calls take their memory from; null: it is not counted.
  MemoryBudget* memory() const { return memory_; }
  // That calls send their requests by.
  const engine_egress_t* egress() const { return egress_; }
  // Null when link_error() is set.
  const engine_component_t* component() const { return component_.get(); }

 private:
  MemoryBudget* memory_;
  const engine_egress_t* egress_;
  Tier tier_;
  ComponentCodeHandle code_;
  ComponentHandle component_;
  std::optional<Error> link_error_;
  bool in_arena_;
};

}  // namespace wasm_server

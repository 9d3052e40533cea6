#pragma once

// A compiled module's inside, for the engine folder only.

#include "engine/compiled_module.h"
#include "engine/handles.h"

namespace wasm_server {

struct CompiledModule::Impl {
  wasm_engine_t* engine = nullptr;
  Tier tier = Tier::kOptimized;
  ModuleHandle module;             // null without code
  InstancePreHandle instance_pre;  // null when link_error is set
  std::optional<Error> link_error;
  bool in_arena = false;
};

}  // namespace wasm_server

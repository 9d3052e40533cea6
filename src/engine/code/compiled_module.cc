#include "engine/code/compiled_module.h"

#include <utility>

#include "engine/code/core_module.h"
#include "engine/engine_impl.h"
#include "engine/error_text.h"

namespace wasm_server {

namespace {

using Compiled = std::shared_ptr<const CompiledModule>;

Result<ModuleHandle> copied(const EngineTier& tier, ByteView artefact) {
  wasmtime_module_t* module = nullptr;
  const ErrorHandle error{wasmtime_module_deserialize(
      tier.engine.get(), reinterpret_cast<const std::uint8_t*>(artefact.data()), artefact.size(),
      &module)};
  if (error != nullptr) return std::unexpected{compile_error(message_of(error.get()))};
  return ModuleHandle{module};
}

// Null when there is no room, or no module in the artefact.
Compiled load_in_arena(const Engine& engine, ByteView artefact) {
  auto* arena = engine.impl().arena.get();
  const auto piece = arena == nullptr ? std::nullopt : arena->add(artefact);
  if (!piece) return nullptr;
  const auto& tiered = engine.impl().of(Tier::kOptimized);
  wasmtime_module_t* module = nullptr;
  const ErrorHandle error{engine_sys_module_in_place(
      tiered.engine.get(), reinterpret_cast<const std::uint8_t*>(piece->content.data()),
      piece->content.size(), &module)};
  if (error != nullptr) {
    arena->remove(*piece);
    return nullptr;
  }
  return std::make_shared<const CoreModule>(tiered, ModuleHandle{module}, Tier::kOptimized, true);
}

}  // namespace

Result<std::shared_ptr<const CompiledModule>> CompiledModule::compile(const Engine& engine,
                                                                      std::string_view wasm,
                                                                      Tier tier) {
  const auto& tiered = engine.impl().of(tier);
  wasmtime_module_t* module = nullptr;
  const ErrorHandle error{wasmtime_module_new(tiered.engine.get(),
                                              reinterpret_cast<const std::uint8_t*>(wasm.data()),
                                              wasm.size(), &module)};
  if (error != nullptr) return std::unexpected{compile_error(message_of(error.get()))};
  return std::make_shared<const CoreModule>(tiered, ModuleHandle{module}, tier, false);
}

Result<std::shared_ptr<const CompiledModule>> CompiledModule::load(const Engine& engine,
                                                                   ByteView artefact, Tier tier) {
  if (tier == Tier::kOptimized && artefact.size() <= kSmallBytes) {
    if (auto module = load_in_arena(engine, artefact)) return module;
  }
  const auto& tiered = engine.impl().of(tier);
  auto module = copied(tiered, artefact);
  if (!module) return std::unexpected{std::move(module).error()};
  return std::make_shared<const CoreModule>(tiered, *std::move(module), tier, false);
}

Result<std::shared_ptr<const CompiledModule>> CompiledModule::map_file(const Engine& engine,
                                                                       Descriptor file, Tier tier) {
  const auto& tiered = engine.impl().of(tier);
  wasmtime_module_t* module = nullptr;
  const ErrorHandle error{engine_sys_module_map(tiered.engine.get(), file.release(), &module)};
  if (error != nullptr) return std::unexpected{compile_error(message_of(error.get()))};
  return std::make_shared<const CoreModule>(tiered, ModuleHandle{module}, tier, false);
}

std::shared_ptr<const CompiledModule> CompiledModule::without_code(Error link_error) {
  return std::make_shared<const CoreModule>(std::move(link_error));
}

}  // namespace wasm_server

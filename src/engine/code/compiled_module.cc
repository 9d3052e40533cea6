#include "engine/code/compiled_module.h"

#include <utility>

#include "engine/code/code_kind.h"
#include "engine/code/component_module.h"
#include "engine/code/core_module.h"
#include "engine/engine_impl.h"
#include "engine/error_text.h"

namespace wasm_server {

namespace {

using Compiled = std::shared_ptr<const CompiledModule>;

const std::uint8_t* bytes_of(ByteView artefact) {
  return reinterpret_cast<const std::uint8_t*>(artefact.data());
}

// The two kinds of code, as what they have in common sees them: how the engine takes an artefact.
struct Core {
  using Handle = ModuleHandle;
  using Made = CoreModule;
  static wasmtime_error_t* load_module(const wasm_engine_t* engine, const std::uint8_t* bytes,
                                       std::size_t size, wasmtime_module_t** code) {
    // The C API takes an engine that it does not change as one that it may.
    return wasmtime_module_deserialize(const_cast<wasm_engine_t*>(engine), bytes, size, code);
  }
  static constexpr auto kLoad = load_module;
  static constexpr auto kInPlace = engine_sys_module_in_place;
  static constexpr auto kMap = engine_sys_module_map;
};

struct Component {
  using Handle = ComponentCodeHandle;
  using Made = ComponentModule;
  static constexpr auto kLoad = engine_component_load;
  static constexpr auto kInPlace = engine_component_in_place;
  static constexpr auto kMap = engine_component_map;
};

// Null when there is no room, or no code in the artefact.
template <class Kind>
Compiled load_in_arena(const Engine& engine, ByteView artefact) {
  auto* arena = engine.impl().arena.get();
  const auto piece = arena == nullptr ? std::nullopt : arena->add(artefact);
  if (!piece) return nullptr;
  const auto& tiered = engine.impl().of(Tier::kOptimized);
  typename Kind::Handle::pointer code = nullptr;
  const ErrorHandle error{
      Kind::kInPlace(tiered.engine.get(), bytes_of(piece->content), piece->content.size(), &code)};
  if (error != nullptr) {
    arena->remove(*piece);
    return nullptr;
  }
  return std::make_shared<const typename Kind::Made>(tiered, typename Kind::Handle{code},
                                                     Tier::kOptimized, true);
}

template <class Kind>
Result<Compiled> load_copy(const Engine& engine, ByteView artefact, Tier tier) {
  const auto& tiered = engine.impl().of(tier);
  typename Kind::Handle::pointer code = nullptr;
  const ErrorHandle error{
      Kind::kLoad(tiered.engine.get(), bytes_of(artefact), artefact.size(), &code)};
  if (error != nullptr) return std::unexpected{compile_error(message_of(error.get()))};
  return std::make_shared<const typename Kind::Made>(tiered, typename Kind::Handle{code}, tier,
                                                     false);
}

template <class Kind>
Result<Compiled> load_code(const Engine& engine, ByteView artefact, Tier tier) {
  if (tier == Tier::kOptimized && artefact.size() <= CompiledModule::kSmallBytes) {
    if (auto module = load_in_arena<Kind>(engine, artefact)) return module;
  }
  return load_copy<Kind>(engine, artefact, tier);
}

template <class Kind>
Result<Compiled> map_code(const Engine& engine, Descriptor file, Tier tier) {
  const auto& tiered = engine.impl().of(tier);
  typename Kind::Handle::pointer code = nullptr;
  const ErrorHandle error{Kind::kMap(tiered.engine.get(), file.release(), &code)};
  if (error != nullptr) return std::unexpected{compile_error(message_of(error.get()))};
  return std::make_shared<const typename Kind::Made>(tiered, typename Kind::Handle{code}, tier,
                                                     false);
}

}  // namespace

Result<std::shared_ptr<const CompiledModule>> CompiledModule::compile(const Engine& engine,
                                                                      std::string_view wasm,
                                                                      Tier tier) {
  const auto& tiered = engine.impl().of(tier);
  ByteVec artefact;
  const auto precompile = is_component(wasm) ? engine_component_precompile : engine_sys_precompile;
  const ErrorHandle error{
      precompile(tiered.engine.get(), bytes_of(wasm), wasm.size(), artefact.out())};
  if (error != nullptr) return std::unexpected{compile_error(message_of(error.get()))};
  return is_component(wasm) ? load_copy<Component>(engine, artefact.view(), tier)
                            : load_copy<Core>(engine, artefact.view(), tier);
}

Result<std::shared_ptr<const CompiledModule>> CompiledModule::load(const Engine& engine,
                                                                   ByteView artefact, Tier tier) {
  return engine_is_component_artefact(bytes_of(artefact), artefact.size())
             ? load_code<Component>(engine, artefact, tier)
             : load_code<Core>(engine, artefact, tier);
}

Result<std::shared_ptr<const CompiledModule>> CompiledModule::map_file(const Engine& engine,
                                                                       Descriptor file, Tier tier) {
  return engine_is_component_file(file.get()) ? map_code<Component>(engine, std::move(file), tier)
                                              : map_code<Core>(engine, std::move(file), tier);
}

std::shared_ptr<const CompiledModule> CompiledModule::without_code(Error link_error) {
  return std::make_shared<const CoreModule>(std::move(link_error));
}

}  // namespace wasm_server

#include "engine/compiled_module.h"

#include <utility>

#include "engine/compiled_module_impl.h"
#include "engine/engine_impl.h"
#include "engine/host_imports.h"

namespace wasm_server {

namespace {

// The engine's own words for what does not fit its pool; it has no code for them.
bool is_about_limits(std::string_view message) {
  return message.find("exceeds the limit") != std::string_view::npos ||
         message.find("exceeds the maximum") != std::string_view::npos;
}

// The engine reports what it was doing in the first line and, where there is one, the cause in the
// last
// ("error\n\nCaused by:\n    cause").
std::string root_cause(const std::string& message) {
  const auto end = message.find_last_not_of(" \n");
  const auto line = message.rfind('\n', end);
  if (line == std::string::npos) return message;
  const auto start = message.find_first_not_of(" 0123456789:", line + 1);
  return start == std::string::npos ? message : message.substr(start, end + 1 - start);
}

std::string with_cause(const std::string& message) {
  const auto first = message.substr(0, message.find('\n'));
  const auto cause = root_cause(message);
  return first == cause ? first : first + ": " + cause;
}

std::optional<Error> link(const EngineTier& engine, CompiledModule::Impl& module) {
  wasmtime_instance_pre_t* pre = nullptr;
  const ErrorHandle error{
      wasmtime_linker_instantiate_pre(engine.linker.get(), module.module.get(), &pre)};
  module.instance_pre.reset(pre);
  if (error == nullptr) return std::nullopt;
  return link_failure(with_cause(message_of(error.get())));
}

Error compile_error(const std::string& message) {
  if (is_about_limits(message)) return {ErrorCode::kMemoryLimit, root_cause(message)};
  return {ErrorCode::kInvalidModule, message};
}

Result<ModuleHandle> copied(const EngineTier& tier, ByteView artefact) {
  wasmtime_module_t* module = nullptr;
  const ErrorHandle error{wasmtime_module_deserialize(
      tier.engine.get(), reinterpret_cast<const std::uint8_t*>(artefact.data()), artefact.size(),
      &module)};
  if (error != nullptr) return std::unexpected{compile_error(message_of(error.get()))};
  return ModuleHandle{module};
}

}  // namespace

Result<std::shared_ptr<const CompiledModule>> CompiledModule::compile(const Engine& engine,
                                                                      std::string_view wasm,
                                                                      Tier tier) {
  const auto& tiered = engine.impl().of(tier);
  wasmtime_module_t* module = nullptr;
  ErrorHandle error;
  const auto compile = [&] {
    error.reset(wasmtime_module_new(tiered.engine.get(),
                                    reinterpret_cast<const std::uint8_t*>(wasm.data()), wasm.size(),
                                    &module));
  };
  if (tier == Tier::kBaseline) {
    compile();
  } else if (wasm.size() < kLargeCode) {
    engine.impl().small_compilers.run(compile);
  } else {
    engine.impl().large_compilers.run(compile);
  }
  if (error != nullptr) return std::unexpected{compile_error(message_of(error.get()))};
  return adopt(tiered, module, tier);
}

Result<Bytes> CompiledModule::precompile(const Engine& engine, std::string_view wasm) {
  ByteVec artefact;
  ErrorHandle error;
  engine.impl().spare_compilers.run([&] {
    error.reset(engine_sys_precompile(engine.impl().precompiler.get(),
                                      reinterpret_cast<const std::uint8_t*>(wasm.data()),
                                      wasm.size(), artefact.out()));
  });
  if (error != nullptr) return std::unexpected{compile_error(message_of(error.get()))};
  // What does not fit the pool is refused here, as by compile().
  const auto loaded = copied(engine.impl().optimized, artefact.view());
  if (!loaded) return std::unexpected{loaded.error()};
  return Bytes(artefact.view());
}

Result<std::shared_ptr<const CompiledModule>> CompiledModule::load(const Engine& engine,
                                                                   ByteView artefact) {
  if (artefact.size() <= kSmallBytes) {
    if (auto module = load_in_arena(engine, artefact)) return module;
  }
  const auto& tiered = engine.impl().of(Tier::kOptimized);
  auto module = copied(tiered, artefact);
  if (!module) return std::unexpected{std::move(module).error()};
  return adopt(tiered, module->release(), Tier::kOptimized);
}

// Null when there is no room, or no module in the artefact.
std::shared_ptr<const CompiledModule> CompiledModule::load_in_arena(const Engine& engine,
                                                                    ByteView artefact) {
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
  auto loaded = adopt(tiered, module, Tier::kOptimized);
  loaded->impl_->in_arena = true;
  return loaded;
}

Result<std::shared_ptr<const CompiledModule>> CompiledModule::map_file(const Engine& engine,
                                                                       Descriptor file) {
  const auto& tiered = engine.impl().of(Tier::kOptimized);
  wasmtime_module_t* module = nullptr;
  const ErrorHandle error{engine_sys_module_map(tiered.engine.get(), file.release(), &module)};
  if (error != nullptr) return fail(ErrorCode::kInternal, message_of(error.get()));
  return adopt(tiered, module, Tier::kOptimized);
}

std::shared_ptr<const CompiledModule> CompiledModule::adopt(const EngineTier& engine,
                                                            wasmtime_module* module, Tier tier) {
  auto impl = std::make_unique<Impl>();
  impl->engine = engine.engine.get();
  impl->tier = tier;
  impl->module.reset(module);
  impl->link_error = link(engine, *impl);
  // Here and not on a worker, by the first call: a copy of all data, 20 ms for 60 MB.
  if (!impl->link_error) engine_sys_module_make_image(module);
  return std::shared_ptr<const CompiledModule>(new CompiledModule(std::move(impl)));
}

std::shared_ptr<const CompiledModule> CompiledModule::without_code(Error link_error) {
  auto impl = std::make_unique<Impl>();
  impl->link_error = std::move(link_error);
  return std::shared_ptr<const CompiledModule>(new CompiledModule(std::move(impl)));
}

CompiledModule::CompiledModule(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CompiledModule::~CompiledModule() = default;

Tier CompiledModule::tier() const { return impl_->tier; }

Result<Bytes> CompiledModule::serialize() const {
  if (impl_->module == nullptr) return fail(ErrorCode::kInternal, "there is no code");
  ByteVec artefact;
  const ErrorHandle error{wasmtime_module_serialize(impl_->module.get(), artefact.out())};
  if (error != nullptr) return fail(ErrorCode::kInternal, message_of(error.get()));
  return Bytes(artefact.view());
}

CodeCost CompiledModule::cost() const {
  if (impl_->module == nullptr) return {};
  void* start = nullptr;
  void* end = nullptr;
  wasmtime_module_image_range(impl_->module.get(), &start, &end);
  const auto size = static_cast<std::size_t>(static_cast<char*>(end) - static_cast<char*>(start));
  const bool file = !impl_->in_arena || engine_sys_module_has_memory(impl_->module.get());
  return {.bytes = size, .mapped = impl_->in_arena ? 0U : 1U, .files = file ? 1U : 0U};
}

const std::optional<Error>& CompiledModule::link_error() const { return impl_->link_error; }

}  // namespace wasm_server

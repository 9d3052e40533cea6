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
  wasmtime_module_t* module = nullptr;
  error.reset(
      wasmtime_module_deserialize(engine.impl().optimized.engine.get(),
                                  reinterpret_cast<const std::uint8_t*>(artefact.view().data()),
                                  artefact.view().size(), &module));
  const ModuleHandle loaded{module};
  if (error != nullptr) return std::unexpected{compile_error(message_of(error.get()))};
  return Bytes(artefact.view());
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

std::size_t CompiledModule::bytes() const {
  if (impl_->module == nullptr) return 0;
  void* start = nullptr;
  void* end = nullptr;
  wasmtime_module_image_range(impl_->module.get(), &start, &end);
  return static_cast<std::size_t>(static_cast<char*>(end) - static_cast<char*>(start));
}

const std::optional<Error>& CompiledModule::link_error() const { return impl_->link_error; }

}  // namespace wasm_server

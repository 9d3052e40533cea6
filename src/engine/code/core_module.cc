#include "engine/code/core_module.h"

#include <cstddef>
#include <string>
#include <utility>

#include "engine/engine_impl.h"
#include "engine/error_text.h"
#include "engine/host_imports.h"
#include "engine/runnable/core_call.h"

namespace wasm_server {

CoreModule::CoreModule(const EngineTier& engine, ModuleHandle module, Tier tier, bool in_arena)
    : engine_(engine.engine.get()),
      memory_(engine.memory),
      tier_(tier),
      module_(std::move(module)),
      in_arena_(in_arena) {
  wasmtime_instance_pre_t* pre = nullptr;
  const ErrorHandle error{
      wasmtime_linker_instantiate_pre(engine.linker.get(), module_.get(), &pre)};
  instance_pre_.reset(pre);
  if (error != nullptr) {
    link_error_ = link_failure(with_cause(message_of(error.get())));
  } else {
    // Here and not on a worker, by the first call: a copy of all data, 20 ms for 60 MB.
    engine_sys_module_make_image(module_.get());
  }
}

Result<Bytes> CoreModule::serialize() const {
  if (module_ == nullptr) return fail(ErrorCode::kInternal, "there is no code");
  ByteVec artefact;
  const ErrorHandle error{wasmtime_module_serialize(module_.get(), artefact.out())};
  if (error != nullptr) return fail(ErrorCode::kInternal, message_of(error.get()));
  return Bytes(artefact.view());
}

CodeCost CoreModule::cost() const {
  if (module_ == nullptr) return {};
  void* start = nullptr;
  void* end = nullptr;
  wasmtime_module_image_range(module_.get(), &start, &end);
  const auto size = static_cast<std::size_t>(static_cast<char*>(end) - static_cast<char*>(start));
  const bool file = !in_arena_ || engine_sys_module_has_memory(module_.get());
  return {.bytes = size, .mapped = in_arena_ ? 0U : 1U, .files = file ? 1U : 0U};
}

std::unique_ptr<Runnable> CoreModule::make_runnable(CallSpec&& spec) const {
  return std::make_unique<CoreCall>(*this, std::move(spec));
}

}  // namespace wasm_server

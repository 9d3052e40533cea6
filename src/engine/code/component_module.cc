#include "engine/code/component_module.h"

#include <algorithm>
#include <utility>

#include "engine/engine_impl.h"
#include "engine/error_text.h"
#include "engine/host_imports.h"
#include "engine/runnable/component_call.h"

namespace wasm_server {

ComponentModule::ComponentModule(const EngineTier& engine, ComponentCodeHandle code, Tier tier,
                                 bool in_arena)
    : memory_(engine.memory),
      egress_(engine.egress),
      tier_(tier),
      code_(std::move(code)),
      in_arena_(in_arena) {
  engine_component_t* component = nullptr;
  const ErrorHandle error{
      engine_component_link(engine.component_linker.get(), code_.get(), &component)};
  component_.reset(component);
  if (error != nullptr) link_error_ = link_failure(with_cause(message_of(error.get())));
}

Result<Bytes> ComponentModule::serialize() const {
  ByteVec artefact;
  const ErrorHandle error{engine_component_serialize(code_.get(), artefact.out())};
  if (error != nullptr) return fail(ErrorCode::kInternal, message_of(error.get()));
  return Bytes(artefact.view());
}

// Its file, or those of its memories' images.
CodeCost ComponentModule::cost() const {
  const std::size_t memories = engine_component_memories(code_.get());
  return {.bytes = engine_component_size(code_.get()),
          .mapped = in_arena_ ? 0U : 1U,
          .files = std::max<std::size_t>(memories, in_arena_ ? 0 : 1)};
}

std::unique_ptr<Runnable> ComponentModule::make_runnable(CallSpec&& spec) const {
  return std::make_unique<ComponentCall>(*this, std::move(spec));
}

}  // namespace wasm_server

#include "engine/code/code_compiler.h"

#include <cstdint>
#include <utility>

#include "engine/code/code_kind.h"
#include "engine/compile_config.h"
#include "engine/error_text.h"

namespace wasm_server {

struct CodeCompiler::Impl {
  EngineHandle engine;
};

Result<std::unique_ptr<CodeCompiler>> CodeCompiler::make(std::size_t max_wasm_stack_bytes,
                                                         Tier tier, bool parallel) {
  auto* config = make_compile_config(max_wasm_stack_bytes, tier);
  wasmtime_config_parallel_compilation_set(config, parallel);
  auto impl = std::make_unique<Impl>();
  TRY_ASSIGN(impl->engine, make_engine(config));
  return std::unique_ptr<CodeCompiler>(new CodeCompiler(std::move(impl)));
}

CodeCompiler::CodeCompiler(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CodeCompiler::~CodeCompiler() = default;

Result<Bytes> CodeCompiler::compile(ByteView wasm) const {
  ByteVec artefact;
  const auto precompile = is_component(wasm) ? engine_component_precompile : engine_sys_precompile;
  const ErrorHandle error{precompile(impl_->engine.get(),
                                     reinterpret_cast<const std::uint8_t*>(wasm.data()),
                                     wasm.size(), artefact.out())};
  if (error != nullptr) return std::unexpected{compile_error(message_of(error.get()))};
  return Bytes(artefact.view());
}

void CodeCompiler::exit_when_out_of_memory(int status) {
  engine_sys_exit_when_out_of_memory(status);
}

}  // namespace wasm_server

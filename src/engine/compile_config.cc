#include "engine/compile_config.h"

namespace wasm_server {

namespace {

constexpr std::size_t kHostStackBytes = 512U << 10;

}  // namespace

wasm_config_t* make_compile_config(std::size_t max_wasm_stack_bytes, Tier tier) {
  auto* config = wasm_config_new();
  if (tier == Tier::kBaseline) {
    wasmtime_config_strategy_set(config, WASMTIME_STRATEGY_WINCH);
  }
  wasmtime_config_epoch_interruption_set(config, true);
  wasmtime_config_max_wasm_stack_set(config, max_wasm_stack_bytes);
  wasmtime_config_async_stack_size_set(config, max_wasm_stack_bytes + kHostStackBytes);
  wasmtime_config_cranelift_opt_level_set(config, WASMTIME_OPT_LEVEL_SPEED);
  wasmtime_config_native_unwind_info_set(
      config, false);  // nothing unwinds through guests but the engine itself
  return config;
}

Result<EngineHandle> make_engine(wasm_config_t* config) {
  wasm_engine_t* engine = nullptr;
  const ErrorHandle error{engine_sys_engine_new(config, &engine)};
  if (error != nullptr) return fail(ErrorCode::kInternal, message_of(error.get()));
  return EngineHandle(engine);
}

}  // namespace wasm_server

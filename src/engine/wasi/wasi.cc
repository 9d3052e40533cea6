#include "engine/wasi/wasi.h"

#include <algorithm>
#include <array>
#include <exception>
#include <string_view>
#include <vector>

#include "engine/slot_hand_over.h"
#include "engine/wasi/wasi_call.h"
#include "engine/wasi/wasi_functions.h"

namespace wasm_server {

namespace {

using wasi::Definition;
using wasi::Errno;
using wasi::Mode;
using wasi::Version;

WasiState& state_of(wasmtime_caller_t* caller) {
  return *static_cast<WasiState*>(wasmtime_context_get_data(wasmtime_caller_context(caller)));
}

wasi::GuestMemory memory_of(wasmtime_caller_t* caller) {
  wasmtime_extern_t item;
  if (!wasmtime_caller_export_get(caller, "memory", 6, &item) ||
      item.kind != WASMTIME_EXTERN_MEMORY) {
    return {nullptr, 0};
  }
  slot_taken();
  auto* context = wasmtime_caller_context(caller);
  return {reinterpret_cast<char*>(wasmtime_memory_data(context, &item.of.memory)),
          wasmtime_memory_data_size(context, &item.of.memory)};
}

wasm_trap_t* stop_guest(std::string_view why) { return wasmtime_trap_new(why.data(), why.size()); }

// Runs the function; a trap when the guest has exited or must be stopped. The call reads the
// reason from the state, so the trap's text is never shown.
wasm_trap_t* run(const Definition& definition, WasiState& state, wasi::Call& call,
                 Errno& errno_out) {
  // Between here and who polls are only the engine's frames, through which nothing is thrown.
  try {
    const bool fit = wasi::arguments_fit(definition, call.args);
    errno_out = fit ? definition.function(call) : Errno::kInval;
  } catch (const std::exception& error) {
    return stop_guest(error.what());
  }
  if (state.exit_code) return stop_guest("exit");
  if (state.output_refused) return stop_guest("output limit");
  return nullptr;
}

wasm_trap_t* sync_trampoline(void* env, wasmtime_caller_t* caller, wasmtime_val_raw_t* values,
                             std::size_t /*count*/) {
  const auto& definition = *static_cast<const Definition*>(env);
  std::array<std::uint64_t, wasi::kMaxParams> args{};
  for (std::size_t i = 0; i < definition.params.size(); ++i) {
    args[i] = wasi::is_i64(definition.params[i]) ? static_cast<std::uint64_t>(values[i].i64)
                                                 : static_cast<std::uint32_t>(values[i].i32);
  }
  auto& state = state_of(caller);
  wasi::Call call{state, memory_of(caller), args, definition.version};
  Errno error{};
  auto* trap = run(definition, state, call, error);
  if (definition.returns_errno) values[0].i32 = static_cast<std::int32_t>(error);
  return trap;
}

bool wait_is_over(void* env) { return static_cast<WasiState*>(env)->wait_is_over(); }

void async_trampoline(void* env, wasmtime_caller_t* caller, const wasmtime_val_t* values,
                      std::size_t count, wasmtime_val_t* results, std::size_t /*results_count*/,
                      wasm_trap_t** trap, wasmtime_async_continuation_t* continuation) {
  const auto& definition = *static_cast<const Definition*>(env);
  std::array<std::uint64_t, wasi::kMaxParams> args{};
  for (std::size_t i = 0; i < count && i < wasi::kMaxParams; ++i) {
    args[i] = static_cast<std::uint32_t>(values[i].of.i32);
  }
  auto& state = state_of(caller);
  wasi::Call call{state, memory_of(caller), args, definition.version};
  Errno error{};
  *trap = run(definition, state, call, error);
  results[0].kind = WASMTIME_I32;
  results[0].of.i32 = static_cast<std::int32_t>(error);
  continuation->callback = wait_is_over;
  continuation->env = &state;
  continuation->finalizer = nullptr;
}

wasm_valtype_vec_t make_types(std::string_view params) {
  std::vector<wasm_valtype_t*> types;
  for (const char kind : params)
    types.push_back(wasm_valtype_new(wasi::is_i64(kind) ? WASM_I64 : WASM_I32));
  wasm_valtype_vec_t vec;
  wasm_valtype_vec_new(&vec, types.size(), types.data());
  return vec;
}

FuncTypeHandle make_type(const Definition& definition) {
  auto params = make_types(definition.params);
  auto results = make_types(definition.returns_errno ? "i" : "");
  return FuncTypeHandle{wasm_functype_new(&params, &results)};
}

void define(wasmtime_linker_t& linker, const Definition& definition) {
  const auto type = make_type(definition);
  const auto module = wasi::module_name(definition.version);
  auto* env = const_cast<Definition*>(&definition);  // only ever read
  ErrorHandle error;
  if (definition.mode == Mode::kAsync) {
    error.reset(wasmtime_linker_define_async_func(&linker, module.data(), module.size(),
                                                  definition.name.data(), definition.name.size(),
                                                  type.get(), async_trampoline, env, nullptr));
  } else {
    error.reset(wasmtime_linker_define_func_unchecked(
        &linker, module.data(), module.size(), definition.name.data(), definition.name.size(),
        type.get(), sync_trampoline, env, nullptr));
  }
}

}  // namespace

void define_wasi(wasmtime_linker_t& linker) {
  for (const auto version : {Version::kPreview1, Version::kUnstable}) {
    for (const auto& definition : wasi::definitions(version)) define(linker, definition);
  }
}

// The tables are sorted by name: a module may have a hundred thousand imports.
bool offers_wasi(std::string_view module, std::string_view name) {
  for (const auto version : {Version::kPreview1, Version::kUnstable}) {
    if (module != wasi::module_name(version)) continue;
    return std::ranges::binary_search(wasi::definitions(version), name, {}, &Definition::name);
  }
  return false;
}

}  // namespace wasm_server

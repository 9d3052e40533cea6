#include "engine/wasi.h"

#include <algorithm>
#include <array>
#include <exception>
#include <iterator>
#include <string_view>
#include <vector>

#include "engine/slot_hand_over.h"
#include "engine/wasi_call.h"

namespace wasm_server {

namespace {

using wasi::Errno;

// Sync functions answer at once; async ones may leave the guest suspended (WasiState::wait()).
enum class Mode : std::uint8_t { kSync, kAsync };

struct Definition {
  std::string_view name;
  std::string_view params;  // i: i32, I: i64
  wasi::Function function;
  Mode mode = Mode::kSync;
  bool returns_errno = true;
};

constexpr Definition kDefinitions[] = {
    {"args_get", "ii", wasi::args_get},
    {"args_sizes_get", "ii", wasi::args_sizes_get},
    {"environ_get", "ii", wasi::environ_get},
    {"environ_sizes_get", "ii", wasi::environ_sizes_get},
    {"clock_res_get", "ii", wasi::clock_res_get},
    {"clock_time_get", "iIi", wasi::clock_time_get},
    {"fd_advise", "iIIi", wasi::fd_seek},
    {"fd_allocate", "iII", wasi::refuse_open_fd},
    {"fd_close", "i", wasi::fd_close},
    {"fd_datasync", "i", wasi::accept_open_fd},
    {"fd_fdstat_get", "ii", wasi::fd_fdstat_get},
    {"fd_fdstat_set_flags", "ii", wasi::accept_open_fd},
    {"fd_fdstat_set_rights", "iII", wasi::accept_open_fd},
    {"fd_filestat_get", "ii", wasi::fd_filestat_get},
    {"fd_filestat_set_size", "iI", wasi::refuse_open_fd},
    {"fd_filestat_set_times", "iIIi", wasi::refuse_open_fd},
    {"fd_pread", "iiiIi", wasi::fd_seek},
    {"fd_prestat_get", "ii", wasi::refuse_prestat},
    {"fd_prestat_dir_name", "iii", wasi::refuse_prestat},
    {"fd_pwrite", "iiiIi", wasi::fd_seek},
    {"fd_read", "iiii", wasi::fd_read},
    {"fd_readdir", "iiiIi", wasi::refuse_path},
    {"fd_renumber", "ii", wasi::refuse_open_fd},
    {"fd_seek", "iIii", wasi::fd_seek},
    {"fd_sync", "i", wasi::accept_open_fd},
    {"fd_tell", "ii", wasi::fd_seek},
    {"fd_write", "iiii", wasi::fd_write, Mode::kAsync},
    {"path_create_directory", "iii", wasi::refuse_path},
    {"path_filestat_get", "iiiii", wasi::refuse_path},
    {"path_filestat_set_times", "iiiiIIi", wasi::refuse_path},
    {"path_link", "iiiiiii", wasi::refuse_path},
    {"path_open", "iiiiiIIii", wasi::refuse_path},
    {"path_readlink", "iiiiii", wasi::refuse_path},
    {"path_remove_directory", "iii", wasi::refuse_path},
    {"path_rename", "iiiiii", wasi::refuse_path},
    {"path_symlink", "iiiii", wasi::refuse},
    {"path_unlink_file", "iii", wasi::refuse_path},
    {"poll_oneoff", "iiii", wasi::poll_oneoff, Mode::kAsync},
    {"proc_exit", "i", wasi::proc_exit, Mode::kSync, false},
    {"proc_raise", "i", wasi::refuse},
    {"random_get", "ii", wasi::random_get, Mode::kAsync},
    {"sched_yield", "", wasi::sched_yield},
    {"sock_accept", "iii", wasi::refuse_socket},
    {"sock_recv", "iiiiii", wasi::refuse_socket},
    {"sock_send", "iiiii", wasi::refuse_socket},
    {"sock_shutdown", "ii", wasi::refuse_socket},
};

constexpr std::string_view kModule = "wasi_snapshot_preview1";

// Sorted: a module may have a hundred thousand imports.
constexpr auto kNames = [] {
  std::array<std::string_view, std::size(kDefinitions)> names;
  std::ranges::transform(kDefinitions, names.begin(), &Definition::name);
  std::ranges::sort(names);
  return names;
}();

constexpr std::size_t kMostParams = 9;

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

// Runs the function; a trap when the guest has exited or must be stopped. The invocation reads the
// reason from the state, so the trap's text is never shown.
wasm_trap_t* run(const Definition& definition, WasiState& state, wasi::Call& call,
                 Errno& errno_out) {
  // Between here and who polls are only the engine's frames, through which nothing is thrown.
  try {
    errno_out = definition.function(call);
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
  std::array<std::uint64_t, kMostParams> args{};
  for (std::size_t i = 0; i < definition.params.size(); ++i) {
    args[i] = definition.params[i] == 'I' ? static_cast<std::uint64_t>(values[i].i64)
                                          : static_cast<std::uint32_t>(values[i].i32);
  }
  auto& state = state_of(caller);
  wasi::Call call{state, memory_of(caller), args};
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
  std::array<std::uint64_t, kMostParams> args{};
  for (std::size_t i = 0; i < count && i < kMostParams; ++i) {
    args[i] = static_cast<std::uint32_t>(values[i].of.i32);
  }
  auto& state = state_of(caller);
  wasi::Call call{state, memory_of(caller), args};
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
    types.push_back(wasm_valtype_new(kind == 'I' ? WASM_I64 : WASM_I32));
  wasm_valtype_vec_t vec;
  wasm_valtype_vec_new(&vec, types.size(), types.data());
  return vec;
}

FuncTypeHandle make_type(const Definition& definition) {
  auto params = make_types(definition.params);
  auto results = make_types(definition.returns_errno ? "i" : "");
  return FuncTypeHandle{wasm_functype_new(&params, &results)};
}

void define(wasmtime_linker_t& linker, std::string_view module, const Definition& definition) {
  const auto type = make_type(definition);
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
  for (const auto& definition : kDefinitions) {
    define(linker, kModule, definition);
  }
}

bool offers_wasi(std::string_view module, std::string_view name) {
  return module == kModule && std::ranges::binary_search(kNames, name);
}

}  // namespace wasm_server

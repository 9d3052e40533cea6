// What a call costs in the engine, without HTTP; `add` each time, in a module of its own (69 bytes)
// and in modules of 1 KB to 10 MB with 1 MB of memory. Workloads:
//   BareSync   the engine alone: store, fresh instance, call, delete; the floor
//   BareAsync  the same on a fiber, still without clock, limits and WASI
//   Ours       CoreCall, as a worker runs it: wanted is 90 % of the bare engine and more
//   Compile    CompiledModule::compile
// and, for bench/run, of the module in the file that WS_BENCH_MODULE names: CompileFile, MapFile.

#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <benchmark/benchmark.h>

#include "base/descriptor.h"
#include "engine/code/core_module.h"
#include "engine/engine_impl.h"
#include "engine/handles.h"
#include "engine/runnable/core_call.h"

namespace wasm_server {
namespace {

using std::string_literals::operator""s;

constexpr std::uint32_t kSlots = 1'000;
constexpr std::uint64_t kBareDeadlineTicks = 10'000;
constexpr std::string_view kName = "add";

template <class T>
T value_of(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

const Engine& engine() {
  static const std::unique_ptr<Engine> kEngine = [] {
    EngineSettings settings;
    settings.pool_slots = kSlots;
    return value_of(Engine::make(settings));
  }();
  return *kEngine;
}

// --- modules ---

std::string leb(std::size_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
  return out;
}

std::string sized(const std::string& body) { return leb(body.size()) + body; }

std::string section(char number, std::size_t items, const std::string& content) {
  return number + sized(leb(items) + content);
}

// (a, b): a loop of loads, stores and arithmetic, as long as ++a < b.
std::string filler_body() {
  const std::string step =
      "\x20\x00\x20\x01\x6a\x41\xb9\x0a\x6a\x22\x02"                    // c = a + b + 1337
      "\x41\xf8\xff\x03\x71\x20\x02\x36\x02\x10"                        // store c & 0xfff8 + 16, c
      "\x20\x02\x41\xf8\xff\x03\x71\x28\x02\x20\x20\x01\x73\x21\x01"s;  // b ^= load c & 0xfff8 + 32
  std::string body = "\x01\x01\x7f\x03\x40"s;
  for (int i = 0; i < 6; ++i) body += step;
  return body + "\x20\x00\x41\x01\x6a\x22\x00\x20\x01\x48\x0d\x00\x0b\x20\x02\x0b"s;
}

// `add` and so many other functions that the module has about `size` bytes; 16 pages of memory.
std::string code_module(std::size_t size) {
  const std::string add = sized("\x00\x20\x00\x20\x01\x6a\x0b"s);
  const std::string filler = sized(filler_body());
  const std::size_t fillers = size / (filler.size() + 1);
  std::string types(fillers + 1, '\0');
  std::string code = add;
  for (std::size_t i = 0; i < fillers; ++i) code += filler;
  return "\0asm\1\0\0\0"s + section(1, 1, "\x60\x02\x7f\x7f\x01\x7f"s) +
         section(3, fillers + 1, types) + section(5, 1, "\x00\x10"s) +
         section(7, 1, sized(std::string(kName)) + "\0\0"s) + section(10, fillers + 1, code);
}

// What the peers bring along: `add` beside one page of memory with a little data.
std::string smallest_module() {
  return "\0asm\1\0\0\0"s + section(1, 1, "\x60\x02\x7f\x7f\x01\x7f"s) + section(3, 1, "\0"s) +
         section(5, 1, "\0\1"s) +
         section(7, 2, sized("memory") + "\2\0"s + sized("add") + "\0\0"s) +
         section(10, 1, sized("\x00\x20\x00\x20\x01\x6a\x0b"s)) +
         section(11, 1, "\0\x41\xe4\0\x0b"s + sized("hello"));
}

using Compiled = std::shared_ptr<const CompiledModule>;

// 0 is the smallest. Compiled once for all benchmarks.
Compiled compiled(std::size_t size) {
  engine();  // is made before the cache, and so ends after it
  static std::map<std::size_t, Compiled> cache;
  auto& module = cache[size];
  if (module == nullptr) {
    const std::string wasm = size == 0 ? smallest_module() : code_module(size);
    module = value_of(CompiledModule::compile(engine(), wasm));
  }
  return module;
}

// --- the bare engine ---

struct Bare {
  StoreHandle store;
  wasmtime_context_t* context = nullptr;
  wasmtime_instance_t instance{};
  wasmtime_val_t args[2] = {};
  wasmtime_val_t result{};
  wasm_trap_t* trap = nullptr;
  wasmtime_error_t* error = nullptr;

  explicit Bare(const CoreModule& module)
      : store(wasmtime_store_new(module.engine(), nullptr, nullptr)),
        context(wasmtime_store_context(store.get())) {
    wasmtime_context_set_epoch_deadline(context, kBareDeadlineTicks);
    args[0].kind = args[1].kind = WASMTIME_I32;
    args[0].of.i32 = 2;
    args[1].of.i32 = 40;
  }

  wasmtime_func_t function() {
    wasmtime_extern_t item;
    if (!wasmtime_instance_export_get(context, &instance, kName.data(), kName.size(), &item)) {
      throw std::runtime_error("no such export");
    }
    return item.of.func;
  }

  bool right() const { return trap == nullptr && error == nullptr && result.of.i32 == 42; }
};

bool call_sync(const CoreModule& module) {
  Bare bare(module);
  bare.error = wasmtime_instance_pre_instantiate(module.instance_pre(), bare.context,
                                                 &bare.instance, &bare.trap);
  if (bare.error != nullptr || bare.trap != nullptr) return false;
  const wasmtime_func_t function = bare.function();
  bare.error =
      wasmtime_func_call(bare.context, &function, bare.args, 2, &bare.result, 1, &bare.trap);
  return bare.right();
}

void finish(FutureHandle future) {
  while (!wasmtime_call_future_poll(future.get())) {
  }
}

bool call_async(const CoreModule& module) {
  Bare bare(module);
  wasmtime_context_epoch_deadline_async_yield_and_update(bare.context, 1);
  finish(FutureHandle(wasmtime_instance_pre_instantiate_async(
      module.instance_pre(), bare.context, &bare.instance, &bare.trap, &bare.error)));
  if (bare.error != nullptr || bare.trap != nullptr) return false;
  const wasmtime_func_t function = bare.function();
  finish(FutureHandle(wasmtime_func_call_async(bare.context, &function, bare.args, 2, &bare.result,
                                               1, &bare.trap, &bare.error)));
  return bare.right();
}

// --- ours ---

// As the service keeps a module: with what is called.
struct Loaded {
  Compiled module;
  FunctionInfo function{std::string(kName), {}, {ValueType::kI32}};
};

bool call_ours(const std::shared_ptr<const Loaded>& loaded) {
  CallSpec spec;
  spec.function = {loaded, &loaded->function};
  spec.args = {Value::bits(2), Value::bits(40)};
  const auto call = loaded->module->make_runnable(std::move(spec));
  while (call->poll() != Runnable::Progress::kFinished) {
  }
  const auto result = call->take_result();
  const auto* returned = std::get_if<Returned>(&result.outcome);
  return returned != nullptr && returned->results.size() == 1 && returned->results[0].low() == 42;
}

// --- workloads ---

template <class Call>
void repeat(benchmark::State& state, Call call) {
  const Compiled module = compiled(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    if (!call(module)) {
      state.SkipWithError("the call failed");
      break;
    }
  }
  state.SetItemsProcessed(state.iterations());
}

const CoreModule& core(const Compiled& module) { return static_cast<const CoreModule&>(*module); }

void BareSync(benchmark::State& state) {
  repeat(state, [](const Compiled& module) { return call_sync(core(module)); });
}
void BareAsync(benchmark::State& state) {
  repeat(state, [](const Compiled& module) { return call_async(core(module)); });
}
void Ours(benchmark::State& state) {
  std::shared_ptr<const Loaded> loaded;
  repeat(state, [&loaded](const Compiled& module) {
    if (loaded == nullptr) loaded = std::make_shared<const Loaded>(module);
    return call_ours(loaded);
  });
}

void Compile(benchmark::State& state) {
  const std::string wasm = code_module(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(value_of(CompiledModule::compile(engine(), wasm)));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(wasm.size()));
}

std::string file_from_environment() {
  std::ifstream file(std::getenv("WS_BENCH_MODULE"), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void CompileFile(benchmark::State& state) {
  const std::string wasm = file_from_environment();
  for (auto _ : state) benchmark::DoNotOptimize(value_of(CompiledModule::compile(engine(), wasm)));
}

void MapFile(benchmark::State& state) {
  const std::string wasm = file_from_environment();
  const auto path = std::filesystem::temp_directory_path() /
                    ("core_call_bench-" + std::to_string(getpid()) + ".artefact");
  {
    const Bytes artefact = value_of(value_of(CompiledModule::compile(engine(), wasm))->serialize());
    std::ofstream(path, std::ios::binary) << artefact;
  }
  for (auto _ : state) {
    benchmark::DoNotOptimize(value_of(CompiledModule::map_file(
        engine(), Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC)))));
  }
  std::filesystem::remove(path);
}

constexpr std::int64_t kKilobyte = 1024;
constexpr std::int64_t kMegabyte = 1024 * kKilobyte;

void sizes(benchmark::internal::Benchmark* bench) {
  bench->Arg(0)->Arg(kKilobyte)->Arg(100 * kKilobyte)->Arg(kMegabyte)->Arg(10 * kMegabyte);
}

BENCHMARK(BareSync)->Apply(sizes);
BENCHMARK(BareAsync)->Apply(sizes);
BENCHMARK(Ours)->Apply(sizes);
BENCHMARK(Compile)
    ->Arg(kKilobyte)
    ->Arg(100 * kKilobyte)
    ->Arg(kMegabyte)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

// Only when there is a file to ask for.
[[maybe_unused]] const bool kFileGiven = [] {
  if (std::getenv("WS_BENCH_MODULE") == nullptr) return false;
  benchmark::RegisterBenchmark("CompileFile", CompileFile)
      ->Unit(benchmark::kMillisecond)
      ->UseRealTime();
  benchmark::RegisterBenchmark("MapFile", MapFile)->Unit(benchmark::kMicrosecond);
  return true;
}();

}  // namespace
}  // namespace wasm_server

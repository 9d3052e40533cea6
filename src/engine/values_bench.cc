// What a call pays for its values, and an upload for being read.
//   ArgumentsToValues   two arguments of one type, as add's
//   ResultToJson        one result
//   Inspect             a module, by number of exported functions

#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "engine/float_bits.h"
#include "engine/inspect.h"
#include "engine/values.h"

namespace wasm_server {
namespace {

using namespace std::string_literals;

void arguments_to_values(benchmark::State& state, ValueType type, const char* text) {
  const std::vector<WasmParam> params = {{"a", type}, {"b", type}};
  const Arguments arguments =
      std::vector<Argument>{{Argument::Kind::kNumber, text}, {Argument::Kind::kNumber, "40"}};
  for (auto _ : state) {
    auto values = to_values(arguments, params);
    benchmark::DoNotOptimize(values);
  }
}
BENCHMARK_CAPTURE(arguments_to_values, i32, ValueType::kI32, "2");
BENCHMARK_CAPTURE(arguments_to_values, i32_with_point, ValueType::kI32, "2.0");
BENCHMARK_CAPTURE(arguments_to_values, i64, ValueType::kI64, "1234567890123456789");
BENCHMARK_CAPTURE(arguments_to_values, f32, ValueType::kF32, "0.1");
BENCHMARK_CAPTURE(arguments_to_values, f64, ValueType::kF64, "0.30000000000000004");

void result_to_json(benchmark::State& state, Value value) {
  std::string out;
  out.reserve(64);
  for (auto _ : state) {
    out.clear();
    append_json(out, value);
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK_CAPTURE(result_to_json, i32, Value{ValueType::kI32, 42});
BENCHMARK_CAPTURE(result_to_json, i64, Value{ValueType::kI64, 1ULL << 62});
BENCHMARK_CAPTURE(result_to_json, f32, Value{ValueType::kF32, float_bits(0.1F)});
BENCHMARK_CAPTURE(result_to_json, f64, Value{ValueType::kF64, float_bits(0.1 + 0.2)});
BENCHMARK_CAPTURE(result_to_json, v128, Value{ValueType::kV128, 1, 2});

std::string leb(std::size_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>((value & 0x7F) | 0x80);
  return bytes + static_cast<char>(value);
}

std::string sized(const std::string& contents) { return leb(contents.size()) + contents; }

// `count` functions (i32, i32) -> i32, each exported and with named parameters.
std::string module_of(std::size_t count) {
  std::string functions = leb(count);
  std::string exports = leb(count);
  std::string names = leb(count);
  for (std::size_t i = 0; i < count; ++i) {
    functions += '\0';
    exports += sized("function_" + std::to_string(i)) + '\0' + leb(i);
    names += leb(i) + "\2\0\5first\1\6second";
  }
  return "\0asm\1\0\0\0"s + '\1' + sized("\1\x60\2\x7F\x7F\1\x7F"s) + '\3' + sized(functions) +
         '\7' + sized(exports) + '\0' + sized("\4name\2"s + sized(names));
}

void inspect_module(benchmark::State& state) {
  const std::string module = module_of(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    auto info = inspect(module);
    benchmark::DoNotOptimize(info);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(module.size()));
}
BENCHMARK(inspect_module)->RangeMultiplier(100)->Range(1, 100'000);

}  // namespace
}  // namespace wasm_server

// What a call pays for its values.
//   ArgumentsToValues   two arguments of one type, as add's
//   ResultToJson        one result

#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "engine/values/float_bits.h"
#include "engine/values/values.h"

namespace wasm_server {
namespace {

void arguments_to_values(benchmark::State& state, const ValueType& type, const char* text) {
  const std::vector<WasmParam> params = {{"a", type}, {"b", type}};
  const auto arguments =
      JsonDocument::array({{JsonKind::kNumber, text}, {JsonKind::kNumber, "40"}});
  for (auto _ : state) {
    auto values = to_values(arguments.root(), params);
    benchmark::DoNotOptimize(values);
  }
}
BENCHMARK_CAPTURE(arguments_to_values, i32, ValueType::kI32, "2");
BENCHMARK_CAPTURE(arguments_to_values, i32_with_point, ValueType::kI32, "2.0");
BENCHMARK_CAPTURE(arguments_to_values, i64, ValueType::kI64, "1234567890123456789");
BENCHMARK_CAPTURE(arguments_to_values, f32, ValueType::kF32, "0.1");
BENCHMARK_CAPTURE(arguments_to_values, f64, ValueType::kF64, "0.30000000000000004");

void result_to_json(benchmark::State& state, const ValueType& type, const Value& value) {
  std::string out;
  out.reserve(64);
  for (auto _ : state) {
    out.clear();
    append_json(out, value, type);
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK_CAPTURE(result_to_json, i32, ValueType::kI32, Value::bits(42));
BENCHMARK_CAPTURE(result_to_json, i64, ValueType::kI64, Value::bits(1ULL << 62));
BENCHMARK_CAPTURE(result_to_json, f32, ValueType::kF32, Value::bits(float_bits(0.1F)));
BENCHMARK_CAPTURE(result_to_json, f64, ValueType::kF64, Value::bits(float_bits(0.1 + 0.2)));
BENCHMARK_CAPTURE(result_to_json, v128, ValueType::kV128, Value::bits(1, 2));

}  // namespace
}  // namespace wasm_server

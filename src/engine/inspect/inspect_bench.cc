// What an upload pays for being validated and read.
//   inspect_module   a module, by number of exported functions with named parameters

#include <string>

#include <benchmark/benchmark.h>

#include "engine/inspect/inspect.h"

namespace wasm_server {
namespace {

using namespace std::string_literals;

std::string leb(std::size_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>((value & 0x7F) | 0x80);
  return bytes + static_cast<char>(value);
}

std::string sized(const std::string& contents) { return leb(contents.size()) + contents; }

// `count` functions (i32, i32) -> i32 that add, each exported and with named parameters.
std::string module_of(std::size_t count) {
  std::string functions = leb(count);
  std::string exports = leb(count);
  std::string bodies = leb(count);
  std::string names = leb(count);
  for (std::size_t i = 0; i < count; ++i) {
    functions += '\0';
    exports += sized("function_" + std::to_string(i)) + '\0' + leb(i);
    bodies += "\7\0\x20\0\x20\1\x6A\x0B"s;
    names += leb(i) + "\2\0\5first\1\6second";
  }
  return "\0asm\1\0\0\0"s + '\1' + sized("\1\x60\2\x7F\x7F\1\x7F"s) + '\3' + sized(functions) +
         '\7' + sized(exports) + '\x0A' + sized(bodies) + '\0' + sized("\4name\2"s + sized(names));
}

void inspect_module(benchmark::State& state) {
  const std::string module = module_of(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    auto inspected = inspect(module);
    if (!inspected) state.SkipWithError(inspected.error().message.c_str());
    benchmark::DoNotOptimize(inspected);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(module.size()));
}
BENCHMARK(inspect_module)->RangeMultiplier(100)->Range(1, 10'000);

}  // namespace
}  // namespace wasm_server

// What reading an execution's body costs: time and allocations.

#include <cstdlib>
#include <new>
#include <string>

#include <benchmark/benchmark.h>

#include "handlers/execute/execute_request.h"

namespace {
std::size_t allocations = 0;  // of the only thread
}

void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc{};
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace wasm_server {
namespace {

void parse(benchmark::State& state, const std::string& body, const char* query) {
  Request request;
  request.headers.push_back({"Host", "localhost:8080"});
  request.headers.push_back({"Content-Type", "application/json"});
  request.query = query;
  request.body = body;
  std::size_t before = allocations;
  for (auto _ : state) {
    auto parsed = parse_execute_request(request, true);
    benchmark::DoNotOptimize(parsed);
  }
  state.counters["allocations"] =
      static_cast<double>(allocations - before) / static_cast<double>(state.iterations());
}
BENCHMARK_CAPTURE(parse, object, R"({"function":"add","args":[2,40]})", "");
BENCHMARK_CAPTURE(parse, array, "[2,40]", "");
BENCHMARK_CAPTURE(parse, by_name, R"({"args":{"a":2,"b":40}})", "");
BENCHMARK_CAPTURE(parse, floats, R"({"args":[0.1,2.5e-3,1e100]})", "");
BENCHMARK_CAPTURE(parse, query, "", "function=add&arg=2&arg=40");
BENCHMARK_CAPTURE(parse, large_stdin, R"({"stdin":")" + std::string(100'000, 'x') + R"("})", "");

}  // namespace
}  // namespace wasm_server

#include "engine/engine.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <future>
#include <iterator>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "engine/compiled_module.h"
#include "engine/engine_impl.h"

namespace wasm_server {
namespace {

std::atomic<unsigned> held_threads{0};
std::atomic<bool> release_threads{false};

// Keeps every thread that compiles large modules from doing anything, for as long as it lives.
struct LargeCompilersHeld {
  explicit LargeCompilersHeld(const Engine& engine) {
    engine.impl().large_compilers.on_each([] {
      ++held_threads;
      held_threads.notify_all();
      release_threads.wait(false);
    });
    const unsigned all = std::max(1U, std::thread::hardware_concurrency());
    for (auto held = held_threads.load(); held < all; held = held_threads.load()) {
      held_threads.wait(held);
    }
  }
  ~LargeCompilersHeld() {
    release_threads = true;
    release_threads.notify_all();
  }
  LargeCompilersHeld(const LargeCompilersHeld&) = delete;
  LargeCompilersHeld& operator=(const LargeCompilersHeld&) = delete;
};

constexpr EngineSettings kSmallEngine{.pool_slots = 8, .code_arena_bytes = 1U << 20};

Bytes many_functions(const Engine& engine) {
  std::string text = "(module";
  for (int i = 0; i < 100; ++i) text += "(func (result i32) i32.const 1)";
  return *engine.wat_to_wasm(text + ")");
}

auto count_threads() {
  using Entries = std::filesystem::directory_iterator;
  return std::distance(Entries("/proc/self/task"), Entries());
}

// Else an event loop would wait for others. (What divides it outside of the engine's own threads
// starts the library's.)
TEST(Engine, ValidatesASmallModuleOnTheCallingThreadAlone) {
  const auto engine = *Engine::make(kSmallEngine);
  const auto wasm = many_functions(*engine);
  const auto threads = count_threads();
  EXPECT_TRUE(engine->validate(wasm));
  EXPECT_EQ(count_threads(), threads);
}

TEST(Engine, CompilesASmallModuleBesideLargeOnes) {
  const auto engine = *Engine::make(kSmallEngine);
  const auto wasm = many_functions(*engine);
  std::future<bool> compiled;  // waits for its thread
  const LargeCompilersHeld held(*engine);
  compiled = std::async(std::launch::async,
                        [&] { return CompiledModule::compile(*engine, wasm).has_value(); });
  ASSERT_EQ(compiled.wait_for(std::chrono::seconds(20)), std::future_status::ready);
  EXPECT_TRUE(compiled.get());
}

TEST(Engine, SaysWhyAModuleIsNotValid) {
  const auto engine = *Engine::make(kSmallEngine);
  const auto wasm = *engine->wat_to_wasm("(module (func (result i32)))");
  const auto valid = engine->validate(wasm);
  ASSERT_FALSE(valid);
  EXPECT_EQ(valid.error().code, ErrorCode::kInvalidModule);
  EXPECT_NE(valid.error().message.find("type mismatch"), std::string::npos);
}

}  // namespace
}  // namespace wasm_server

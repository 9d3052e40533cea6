#include "engine/engine.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "engine/engine_sys.h"

namespace wasm_server {
namespace {

std::atomic<unsigned> held_threads{0};
std::atomic<bool> release_threads{false};

// Keeps every thread that compiles from doing anything, for as long as it lives.
struct CompileThreadsHeld {
  CompileThreadsHeld() {
    engine_sys_on_compile_threads([] {
      ++held_threads;
      held_threads.notify_all();
      release_threads.wait(false);
    });
    const unsigned all = std::max(1U, std::thread::hardware_concurrency());
    for (auto held = held_threads.load(); held < all; held = held_threads.load()) {
      held_threads.wait(held);
    }
  }
  ~CompileThreadsHeld() {
    release_threads = true;
    release_threads.notify_all();
  }
  CompileThreadsHeld(const CompileThreadsHeld&) = delete;
  CompileThreadsHeld& operator=(const CompileThreadsHeld&) = delete;
};

TEST(Engine, ValidatesSmallModulesWithoutTheThreadsThatCompile) {
  const auto engine = *Engine::make({.pool_slots = 8, .code_arena_bytes = 1U << 20});
  std::string text = "(module";
  for (int i = 0; i < 100; ++i) text += "(func (result i32) i32.const 1)";
  const auto wasm = *engine->wat_to_wasm(text + ")");
  std::future<bool> valid;  // waits for the validation, which needs the threads if it is wrong
  const CompileThreadsHeld held;
  valid = std::async(std::launch::async, [&] { return engine->validate(wasm).has_value(); });
  ASSERT_EQ(valid.wait_for(std::chrono::seconds(20)), std::future_status::ready);
  EXPECT_TRUE(valid.get());
}

TEST(Engine, SaysWhyAModuleIsNotValid) {
  const auto engine = *Engine::make({.pool_slots = 8, .code_arena_bytes = 1U << 20});
  const auto wasm = *engine->wat_to_wasm("(module (func (result i32)))");
  const auto valid = engine->validate(wasm);
  ASSERT_FALSE(valid);
  EXPECT_EQ(valid.error().code, ErrorCode::kInvalidModule);
  EXPECT_NE(valid.error().message.find("type mismatch"), std::string::npos);
}

}  // namespace
}  // namespace wasm_server

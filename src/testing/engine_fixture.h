#pragma once

// The real engine for tests: one per process, with a pool small enough for the sanitizers. Only for
// test programs of folders that link the engine.

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "engine/code/compiled_module.h"
#include "engine/engine.h"
#include "engine/runnable/call_spec.h"
#include "engine/runnable/runnable.h"

namespace wasm_server::testing_engine {

inline Engine& engine() {
  static const auto made = [] {
    EngineSettings settings;
    settings.pool_slots = 40;
    return Engine::make(settings).value();
  }();
  return *made;
}

inline Bytes wasm_of(std::string_view wat) {
  auto wasm = engine().wat_to_wasm(wat);
  if (!wasm) throw std::runtime_error(wasm.error().message);
  return std::move(*wasm);
}

inline std::shared_ptr<const CompiledModule> compile(std::string_view wat) {
  return CompiledModule::compile(engine(), wasm_of(wat)).value();
}

// A call of a test: a spec whose function need not be what the module says.
struct TestCall : CallSpec {
  std::shared_ptr<const CompiledModule> module;
  FunctionInfo called;
};

inline TestCall call_of(std::string_view wat, std::string function = "f") {
  TestCall call;
  call.module = compile(wat);
  call.called.name = std::move(function);
  return call;
}

inline std::unique_ptr<Runnable> make_runnable(TestCall call) {
  const auto owner = std::make_shared<const TestCall>(call);
  call.function = {owner, &owner->called};
  return call.module->make_runnable(std::move(call));
}

inline constexpr std::string_view kSum =
    "(module (func (export \"f\") (param $a i32) (param $b i32) (result i32)"
    " (i32.add (local.get $a) (local.get $b))))";
inline constexpr std::string_view kTightLoop = "(module (func (export \"f\") (loop br 0)))";

// Sleeps for a year, unless it is stopped.
inline constexpr std::string_view kSleeper =
    "(module (import \"wasi_snapshot_preview1\" \"poll_oneoff\""
    "  (func $poll (param i32 i32 i32 i32) (result i32)))"
    " (memory (export \"memory\") 1)"
    " (func (export \"f\")"
    "  (i32.store (i32.const 16) (i32.const 1)) (i64.store (i32.const 24) (i64.const "
    "31536000000000000))"
    "  (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))))";

}  // namespace wasm_server::testing_engine

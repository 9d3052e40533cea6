#include "engine/host_imports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/inspect.h"
#include "testing/engine_fixture.h"

namespace wasm_server {
namespace {

using testing_engine::engine;

// What is known beforehand, and what the engine finds after compiling.
void expect_same(const std::string& imports) {
  const auto wasm = testing_engine::wasm_of("(module " + imports + ")");
  const auto known = missing_import(inspect(wasm).value().imports);
  const auto found = CompiledModule::compile(engine(), wasm).value()->link_error();
  ASSERT_TRUE(found) << imports;
  ASSERT_TRUE(known) << imports;
  EXPECT_EQ(known->code, found->code);
  EXPECT_EQ(known->message, found->message);
}

constexpr std::string_view kOffered =
    R"((import "wasi_snapshot_preview1" "proc_exit" (func (param i32))))";

TEST(MissingImport, SaysWhatTheEngineWouldSay) {
  expect_same(R"((import "env" "launch" (func)))");
  expect_same(R"((import "env" "launch" (memory 1)))");
  expect_same(R"((import "" "" (global i32)))");
  expect_same(R"((import "wasi_snapshot_preview1" "launch" (func)))");
  expect_same(R"((import "wasi_unstable" "proc_exit" (func (param i32))))");
  expect_same(std::string(kOffered) + R"((import "a" "b" (func)) (import "c" "d" (func)))");
}

TEST(MissingImport, IsNoneAmongThoseOffered) {
  EXPECT_FALSE(missing_import({}));
  const auto wasm = testing_engine::wasm_of("(module " + std::string(kOffered) + ")");
  EXPECT_FALSE(missing_import(inspect(wasm).value().imports));
}

// The engine compares the types, after compiling.
TEST(MissingImport, IsNotOneOfAnotherType) {
  const auto wasm = testing_engine::wasm_of(
      R"((module (import "wasi_snapshot_preview1" "fd_write" (func (result f64)))))");
  EXPECT_FALSE(missing_import(inspect(wasm).value().imports));
  EXPECT_TRUE(CompiledModule::compile(engine(), wasm).value()->link_error());
}

}  // namespace
}  // namespace wasm_server

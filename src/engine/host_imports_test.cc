#include "engine/host_imports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/inspect/inspect.h"
#include "engine/wasi/wasi.h"
#include "testing/engine_fixture.h"

namespace wasm_server {
namespace {

using testing_engine::engine;

// What is known beforehand, which the engine finds after compiling.
std::string missing(const std::string& imports) {
  const auto wasm = testing_engine::wasm_of("(module " + imports + ")");
  const auto known = missing_imports(inspect(wasm)->info.imports);
  const auto found = CompiledModule::compile(engine(), wasm).value()->link_error();
  EXPECT_TRUE(found) << imports;
  if (!known) return "";
  EXPECT_EQ(known->code, found->code);
  return known->message;
}

using testing::EndsWith;
using testing::HasSubstr;

constexpr std::string_view kOffered =
    R"((import "wasi_snapshot_preview1" "proc_exit" (func (param i32))))";

TEST(MissingImport, AreAllNamed) {
  EXPECT_THAT(missing(R"((import "env" "launch" (func)))"), EndsWith(R"(: "env.launch")"));
  EXPECT_THAT(missing(R"((import "env" "launch" (memory 1)))"), EndsWith(R"(: "env.launch")"));
  EXPECT_THAT(missing(R"((import "" "" (global i32)))"), EndsWith(R"(: ".")"));
  EXPECT_THAT(missing(R"((import "wasi_snapshot_preview1" "launch" (func)))"),
              EndsWith(R"(: "wasi_snapshot_preview1.launch")"));
  EXPECT_THAT(missing(std::string(kOffered) + R"((import "a" "b" (func)) (import "c" "d" (func)))"),
              EndsWith(R"(: "a.b", "c.d")"));
  std::string many;
  for (int i = 0; i < 60; ++i) many += R"((import "a" "f)" + std::to_string(i) + R"(" (func)))";
  EXPECT_THAT(missing(many), EndsWith(R"("a.f49" and 10 more)"));
}

TEST(MissingImport, SaysThatThreadsAreNotOffered) {
  EXPECT_THAT(missing(R"((import "wasi" "thread-spawn" (func (param i32) (result i32))))"),
              HasSubstr(R"("wasi.thread-spawn"; threads (shared memory)"));
}

TEST(MissingImport, IsNoneAmongThoseOffered) {
  EXPECT_FALSE(missing_imports({}));
  const auto wasm = testing_engine::wasm_of("(module " + std::string(kOffered) + ")");
  EXPECT_FALSE(missing_imports(inspect(wasm)->info.imports));
  EXPECT_TRUE(offers_wasi("wasi_unstable", "fd_write"));
  EXPECT_FALSE(offers_wasi("wasi_unstable", "sock_accept"));  // came with preview 1
  EXPECT_TRUE(offers_wasi("wasi_snapshot_preview1", "sock_accept"));
}

// The engine compares the types, after compiling.
TEST(MissingImport, IsNotOneOfAnotherType) {
  const auto wasm = testing_engine::wasm_of(
      R"((module (import "wasi_snapshot_preview1" "fd_write" (func (result f64)))))");
  EXPECT_FALSE(missing_imports(inspect(wasm)->info.imports));
  EXPECT_TRUE(CompiledModule::compile(engine(), wasm).value()->link_error());
}

}  // namespace
}  // namespace wasm_server

#include "engine/host_imports.h"

#include <string>
#include <utility>
#include <vector>

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
  const auto known = missing_imports(inspect(wasm)->info);
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
  EXPECT_FALSE(missing_imports(inspect(wasm)->info));
  EXPECT_TRUE(offers_wasi("wasi_unstable", "fd_write"));
  EXPECT_FALSE(offers_wasi("wasi_unstable", "sock_accept"));  // came with preview 1
  EXPECT_TRUE(offers_wasi("wasi_snapshot_preview1", "sock_accept"));
}

std::string missing_of_component(std::vector<ImportInfo> imports) {
  ModuleInfo info;
  info.kind = ModuleKind::kComponent;
  info.imports = std::move(imports);
  const auto error = missing_imports(info);
  return error ? error->message : "none";
}

TEST(MissingImport, OfAComponentIsAnInterfaceThatIsNotOffered) {
  EXPECT_EQ(missing_of_component({{"wasi:cli/environment@0.2.0", ""},
                                  {"wasi:io/streams@0.2.11", ""},
                                  {"wasi:http/types@0.2.3", ""},
                                  {"wasi:sockets/udp@0.2.3", ""},
                                  {"wasi:random/insecure-seed@0.2.1+build", ""}}),
            "none");
  EXPECT_THAT(missing_of_component({{"wasi:keyvalue/store@0.2.0", ""}, {"", "log"}}),
              EndsWith(R"(: "wasi:keyvalue/store@0.2.0", "log")"));
  for (const char* interface :
       {"wasi:cli/environment", "wasi:cli/environment@0.1.0", "wasi:cli/environment@0.2",
        "wasi:cli/environment@0.2.", "wasi:cli/environment@0.2.0-rc-2023-12-05",
        "wasi:cli/environment@0.20.0", "wasi:clocks/timezone@0.2.0", "docs:cli/environment@0.2.0",
        "wasi_snapshot_preview1"}) {
    EXPECT_THAT(missing_of_component({{interface, ""}}),
                EndsWith(": \"" + std::string(interface) + '"'));
  }
  EXPECT_NE(missing_of_component({{"wasi_snapshot_preview1", "fd_write"}}), "none");
}

// Such a module has yet to be made a component.
TEST(MissingImport, OfAModuleIsAnInterfaceOfComponents) {
  EXPECT_THAT(missing(R"((import "wasi:cli/exit@0.2.0" "exit" (func (param i32))))"),
              EndsWith(R"(: "wasi:cli/exit@0.2.0.exit")"));
}

// The engine compares the types, after compiling.
TEST(MissingImport, IsNotOneOfAnotherType) {
  const auto wasm = testing_engine::wasm_of(
      R"((module (import "wasi_snapshot_preview1" "fd_write" (func (result f64)))))");
  EXPECT_FALSE(missing_imports(inspect(wasm)->info));
  EXPECT_TRUE(CompiledModule::compile(engine(), wasm).value()->link_error());
}

}  // namespace
}  // namespace wasm_server

// What is said of components. Those of toolchains are uploaded in tests/e2e/test_components.py.

#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/inspect/inspect.h"
#include "engine/inspect/inspect_test.h"

namespace wasm_server {
namespace {

using namespace inspect_test;  // NOLINT(google-build-using-namespace): the helpers of these tests
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

const std::string kComponentHeader = "\0asm\x0D\0\1\0"s;

// A module that what follows can be lifted from, and what a component needs around it.
constexpr std::string_view kCore = R"(
  (core module $M (memory (export "m") 1)
    (func (export "r") (param i32 i32 i32 i32) (result i32) unreachable)
    (func (export "v"))
    (func (export "i") (result i32) unreachable)
    (func (export "ii") (param i32) (result i32) unreachable)
    (func (export "i_") (param i32)))
  (core instance $c (instantiate $M))
  (alias core export $c "m" (core memory $m))
  (alias core export $c "r" (core func $r)))";

std::string component(std::string_view text) {
  return "(component " + std::string(kCore) + std::string(text) + ")";
}

// A component that exports a function with a result of that type, defined as $t.
std::string with_type(const std::string& types) {
  return component(types + R"((func (export "f") (result $t)
      (canon lift (core func $c "i") (memory $m))))");
}

std::string type_in(const std::string& types) {
  const auto functions = functions_in(with_type(types));
  return functions.size() == 1 ? functions[0] : "none";
}

TEST(InspectComponent, ListsExportedFunctionsInOrderWithTheirTypes) {
  EXPECT_THAT(
      functions_in(component(R"(
      (func $nop (canon lift (core func $c "v")))
      (func $get (result u32) (canon lift (core func $c "i")))
      (func $text (param "a" u32) (result string)
        (canon lift (core func $c "ii") (memory $m)))
      (export "plain" (func $text))
      (instance $i (export "mk" (func $get)) (export "do-it" (func $nop)))
      (export "docs:types/all@0.1.0" (instance $i))
      (export "docs:types/old" (instance $i))
      (export "short" (instance $i))
      (export "last" (func $nop)))")),
      ElementsAre("plain(a u32) -> string", "docs:types/all.mk@0.1.0() -> u32",
                  "docs:types/all.do-it@0.1.0()", "docs:types/old.mk() -> u32",
                  "docs:types/old.do-it()", "short.mk() -> u32", "short.do-it()", "last()"));
}

TEST(InspectComponent, SaysTypesAsWitDoes) {
  EXPECT_EQ(type_in("(type $t (list (tuple u8 char)))"), "f() -> list<tuple<u8, char>>");
  EXPECT_EQ(type_in(R"((type $r' (record (field "a" s8) (field "b-c" (option string))))
      (export $r "r" (type $r')) (type $t (list $r)))"),
            "f() -> list<record { a: s8, b-c: option<string> }>");
  EXPECT_EQ(type_in(R"((type $v (variant (case "none") (case "circle" f64)))
      (export $t "v" (type $v)))"),
            "f() -> variant { none, circle(f64) }");
  EXPECT_EQ(type_in(R"((type $v (enum "a" "b")) (export $t "v" (type $v)))"),
            "f() -> enum { a, b }");
  EXPECT_EQ(type_in(R"((type $v (flags "a" "b")) (export $t "v" (type $v)))"),
            "f() -> flags { a, b }");
  EXPECT_EQ(type_in("(type $t (option (option bool)))"), "f() -> option<option<bool>>");
  EXPECT_EQ(type_in("(type $t (list (result)))"), "f() -> list<result>");
  EXPECT_EQ(type_in("(type $t (list (result u64)))"), "f() -> list<result<u64>>");
  EXPECT_EQ(type_in("(type $t (list (result (error string))))"), "f() -> list<result<_, string>>");
  EXPECT_EQ(type_in("(type $t (list (result s16 (error f32))))"), "f() -> list<result<s16, f32>>");
}

TEST(InspectComponent, NamesTheResourcesOfHandles) {
  EXPECT_THAT(functions_in(component(R"(
      (type $counter' (resource (rep i32)))
      (export $counter "counter" (type $counter'))
      (func $new (param "start" u32) (result (own $counter)) (canon lift (core func $c "ii")))
      (func $use (param "self" (borrow $counter)) (result u32) (canon lift (core func $c "ii")))
      (export "[constructor]counter" (func $new))
      (export "[method]counter.incr" (func $use)))")),
              ElementsAre("[constructor]counter(start u32) -> own<counter>",
                          "[method]counter.incr(self borrow<counter>) -> u32"));
}

ModuleKind kind_of(std::string_view interface) {
  return info_of(binary(component(R"((func $f (result (result)) (canon lift (core func $c "i")))
      (instance $i (export "run" (func $f)))
      (export ")" + std::string(interface) +
                                  R"(" (instance $i)))")))
      .kind;
}

TEST(InspectComponent, TellsItsKindByWhatItExports) {
  EXPECT_EQ(kind_of("docs:types/all@0.1.0"), ModuleKind::kComponent);
  EXPECT_EQ(kind_of("wasi:cli/run@0.2.0"), ModuleKind::kCommand);
  EXPECT_EQ(kind_of("wasi:cli/run@0.2.11"), ModuleKind::kCommand);
  EXPECT_EQ(kind_of("wasi:http/incoming-handler@0.2.3"), ModuleKind::kHttp);
  EXPECT_EQ(kind_of("wasi:cli/run@0.1.0"), ModuleKind::kComponent);
  EXPECT_EQ(info_of(kComponentHeader).kind, ModuleKind::kComponent);
}

TEST(InspectComponent, SaysWhatNeedsWasi3) {
  constexpr auto kNeeds = "the component needs WASI 0.3, which this server does not offer: ";
  EXPECT_THAT(error_of(binary(R"((component (type (func async))))")), StartsWith(kNeeds));
  EXPECT_THAT(error_of(binary(R"((component (type (stream u8))))")), StartsWith(kNeeds));
  EXPECT_THAT(error_of(binary(R"((component (type (future))))")), StartsWith(kNeeds));
  EXPECT_THAT(error_of(binary(R"((component (core func (canon task.cancel))))")),
              StartsWith(kNeeds));
  EXPECT_EQ(error_of(binary(R"((component
      (import "wasi:cli/exit@0.3.0" (instance (export "exit" (func))))))")),
            std::string(kNeeds) + "it imports wasi:cli/exit@0.3.0");
  EXPECT_EQ(error_of(binary(component(R"((func $f (canon lift (core func $c "v")))
      (instance $i (export "handle" (func $f)))
      (export "wasi:http/handler@0.3.0" (instance $i)))"))),
            std::string(kNeeds) + "it exports wasi:http/handler@0.3.0");
}

TEST(InspectComponent, RefusesWhatTheEngineIsNotToldToTake) {
  EXPECT_THAT(error_of(binary("(component (type (list u8 4)))")), HasSubstr("fixed"));
  EXPECT_THAT(error_of(binary("(component (type (map u8 string)))")), HasSubstr("map"));
  EXPECT_EQ(error_of("\0asm\x0C\0\1\0"s), "a component of a version that is no longer in use");
}

TEST(InspectComponent, ListsWhatHasToBeOffered) {
  const ModuleInfo info = info_of(binary(R"((component
      (import "wasi:cli/environment@0.2.3" (instance (export "get-arguments" (func (result (list string))))))
      (import "docs:types/shapes@0.1.0" (instance (type (record (field "x" u8)))
        (export "point" (type (eq 0)))))
      (import "wasi:io/streams@0.2.3" (instance $streams (export "input-stream" (type (sub resource)))))
      (alias export $streams "input-stream" (type $stream))
      (import "docs:types/alias" (instance (alias outer 1 $stream (type $s))
        (export "input-stream" (type (eq $s)))))
      (import "log" (func (param "text" string)))
      (import "mod" (core module)) (import "comp" (component))
      (type $byte u8)
      (import "byte" (type (eq $byte)))
      (import "file" (type (sub resource)))))"));
  EXPECT_THAT(info.imports,
              ElementsAre(ImportInfo{"wasi:cli/environment@0.2.3", ""},
                          ImportInfo{"wasi:io/streams@0.2.3", ""}, ImportInfo{"", "log"},
                          ImportInfo{"", "mod"}, ImportInfo{"", "comp"}, ImportInfo{"", "file"}));
  EXPECT_THAT(info.functions, IsEmpty());
}

TEST(InspectComponent, CountsAllThatItsModulesCostToCompile) {
  const auto found = inspected(binary(R"((component
      (core module (type (func (param i32))) (func (type 0)) (func (type 0)))
      (component (core module (func i32.const 1 drop) (table 1 funcref)
        (elem (i32.const 0) func 0)))
      (core module $M (func (export "f")))
      (core instance $m (instantiate $M))
      (func (canon lift (core func $m "f")))))"));
  EXPECT_EQ(found.cost.functions, 2U + 1U + 1U + 1U);
  EXPECT_EQ(found.cost.types, 3U);
  EXPECT_EQ(found.cost.element_segments, 1U);
  EXPECT_EQ(found.cost.operators, 1U + 1U + 3U + 1U);
}

TEST(InspectComponent, TellsWhatAllItsInstancesBeginWith) {
  const ModuleInfo info = info_of(binary(R"((component
      (core module $unused (memory 100))
      (core module $M (memory 2) (table 10 funcref))
      (core instance (instantiate $M))
      (component $C
        (core module $N (memory 3))
        (core instance (instantiate $N))
        (alias outer 1 $M (core module $outer))
        (core instance (instantiate $outer)))
      (instance (instantiate $C))
      (instance (instantiate $C))))"));
  EXPECT_EQ(info.memory_bytes, (2U + 2U * (3U + 2U)) * 65'536);
  EXPECT_EQ(info.table_elements, 30U);
}

}  // namespace
}  // namespace wasm_server

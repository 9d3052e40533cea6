#include "engine/inspect/inspect.h"

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/engine_impl.h"
#include "engine/inspect/inspect_test.h"

namespace wasm_server {
namespace {

using namespace inspect_test;  // NOLINT(google-build-using-namespace): the helpers of these tests
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Proposal {
  std::string_view name;
  bool is_taken;
  std::string_view text;
};

// A module of each, of which nothing else is new.
constexpr Proposal kProposals[] = {
    {"mutable globals", true, "(global (export \"g\") (mut i32) (i32.const 0))"},
    {"saturating conversions", true, "(func (drop (i32.trunc_sat_f32_s (f32.const 0))))"},
    {"sign extension", true, "(func (drop (i32.extend8_s (i32.const 0))))"},
    {"multi-value", true, "(func (result i32 i32) i32.const 1 i32.const 2)"},
    {"bulk memory", true,
     "(memory 1) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 0)))"},
    {"reference types", true, "(table 1 externref) (func (drop (ref.null extern)))"},
    {"SIMD", true, "(func (drop (v128.const i64x2 0 0)))"},
    {"relaxed SIMD", true,
     "(func (param v128) (drop (i8x16.relaxed_swizzle (local.get 0) (local.get 0))))"},
    {"tail calls", true, "(func $f return_call $f)"},
    {"extended constants", true, "(global i32 (i32.add (i32.const 1) (i32.const 2)))"},
    {"several memories", true, "(memory 1) (memory 1)"},
    {"64-bit memories", true, "(memory i64 1)"},
    {"function references", true,
     "(type $t (func)) (func (param (ref $t)) local.get 0 call_ref $t)"},
    {"garbage collection", true,
     "(type $s (struct (field i32))) (func (drop (struct.new_default $s)))"},
    {"exceptions", true, "(tag $t) (func (throw $t))"},
    {"threads", false, "(memory 1 1 shared)"},
    {"atomics", false, "(memory 1) (func (drop (i32.atomic.load (i32.const 0))))"},
    {"legacy exceptions", false, "(tag $t) (func try catch $t end)"},
    {"custom page sizes", false, "(memory 1 (pagesize 1))"},
    {"wide arithmetic", false,
     "(func (param i64 i64 i64 i64) (result i64 i64)"
     " local.get 0 local.get 1 local.get 2 local.get 3 i64.add128)"},
    {"stack switching", false, "(type $f (func)) (type $c (cont $f))"},
    {"shared everything", false, "(global (shared mut i32) (i32.const 0))"},
    {"memory control", false, "(memory 1) (func (memory.discard (i32.const 0) (i32.const 0)))"},
    {"custom descriptors", false,
     "(rec (type $a (descriptor $b) (struct)) (type $b (describes $a) (struct)))"},
};

TEST(Inspect, ListsExportedFunctionsInOrderWithTheirTypes) {
  EXPECT_THAT(functions_in(R"((module
      (func (export "none"))
      (func (export "all") (param i32 i64 f32 f64 v128 funcref externref) (result v128 f64 f32 i64 i32)
        unreachable)
      (func $hidden (param i32))
      (memory (export "memory") 1)
      (global (export "global") i32 (i32.const 0))
      (table (export "table") 1 funcref)
      (func (export "last") (param i64) (result i64) local.get 0)))"),
              ElementsAre("none()",
                          "all(p0 i32, p1 i64, p2 f32, p3 f64, p4 v128, p5 funcref, p6 externref) "
                          "-> v128, f64, f32, i64, i32",
                          "last(p0 i64) -> i64"));
}

TEST(Inspect, NamesParametersAfterTheNameSection) {
  EXPECT_THAT(
      functions_in(R"((module (func (export "add") (param $a i32) (param $b i32) (result i32)
      (local $sum i32) local.get $a)))"),
      ElementsAre("add(a i32, b i32) -> i32"));
}

TEST(Inspect, NamesOnlyTheParametersThatHaveNames) {
  EXPECT_THAT(
      functions_in(R"((module (func (export "f") (param i32) (param $b i64) (param f32))))"),
      ElementsAre("f(p0 i32, b i64, p2 f32)"));
}

TEST(Inspect, CountsImportedFunctionsFirst) {
  const Bytes bytes = binary(R"((module
      (import "env" "log" (func $log (param i64)))
      (import "env" "memory" (memory 1 2))
      (import "env" "table" (table 1 externref))
      (import "env" "global" (global (mut i32)))
      (import "env" "tag" (tag (param i32)))
      (import "wasi" "read" (func $read (param f32 f32) (result f32)))
      (func (export "own") (param $x i32))
      (export "again" (func $read))))");
  EXPECT_THAT(functions_of(bytes), ElementsAre("own(x i32)", "again(p0 f32, p1 f32) -> f32"));
  const ModuleInfo info = info_of(bytes);
  ASSERT_EQ(info.imports.size(), 6U);
  EXPECT_EQ(info.imports[0], (ImportInfo{"env", "log"}));
  EXPECT_EQ(info.imports[4], (ImportInfo{"env", "tag"}));
  EXPECT_EQ(info.imports[5], (ImportInfo{"wasi", "read"}));
}

TEST(Inspect, NamesAllExportsOfOneFunction) {
  EXPECT_THAT(functions_in(R"((module
      (func $f (export "x") (param $n i32))
      (func (export "other") (param $m i32))
      (export "y" (func $f)) (export "" (func $f))))"),
              ElementsAre("x(n i32)", "other(m i32)", "y(n i32)", "(n i32)"));
}

TEST(Inspect, ReadsEveryFormOfType) {
  EXPECT_THAT(
      functions_in(R"((module
      (rec (type $a (sub (func (param i32))))
           (type $s (sub (struct (field i8) (field (mut i16)) (field (ref null $a)) (field f64)))))
      (type $b (sub final $a (func (param i32))))
      (type $arr (array (mut i8)))
      (type $arr2 (array (ref $s)))
      (rec)
      (type $f (func (param (ref $s) (ref null $arr) anyref eqref i31ref structref arrayref nullref
                            nullfuncref nullexternref (ref func) (ref null func) (ref null extern) (ref extern))
                     (result (ref null any))))
      (func (export "b") (type $b))
      (func (export "f") (type $f) unreachable)
      (func (export "a") (type $a))))"),
      ElementsAre(
          "b(p0 i32)",
          "f(p0 ref, p1 ref, p2 ref, p3 ref, p4 ref, p5 ref, p6 ref, p7 ref, p8 ref, p9 ref, "
          "p10 ref, p11 funcref, p12 externref, p13 ref) -> ref",
          "a(p0 i32)"));
}

TEST(Inspect, PassesOverEverythingElseThatAModuleMayHave) {
  EXPECT_THAT(functions_in(R"((module
      (import "env" "m64" (memory i64 1 2))
      (import "env" "t64" (table i64 1 funcref))
      (memory $second 1) (memory $third i64 1 3)
      (tag $t (param i32))
      (table $filled 2 (ref func) (ref.func $f))
      (func $f (export "f") (param $x i32))
      (start $s) (func $s)
      (elem (table $filled) (i32.const 0) func $f) (data (memory $second) (i32.const 0) "data")
      (@custom "a custom section" "with \ff bytes")))"),
              ElementsAre("f(x i32)"));
}

TEST(Inspect, CallsAModuleWithAStartFunctionOfNoTypeACommand) {
  EXPECT_EQ(info_of(binary(R"((module (func (export "_start"))))")).kind, ModuleKind::kCommand);
  EXPECT_EQ(info_of(binary(R"((module (func (export "f"))))")).kind, ModuleKind::kModule);
  EXPECT_EQ(info_of(binary(R"((module (func (export "_start") (param i32))))")).kind,
            ModuleKind::kModule);
  EXPECT_EQ(info_of(binary(R"((module (memory (export "_start") 1)))")).kind, ModuleKind::kModule);
  EXPECT_EQ(
      info_of(binary(R"((module (import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))
                                      (func (export "run"))))"))
          .kind,
      ModuleKind::kModule);
}

TEST(Inspect, TakesTheEmptyModule) {
  const ModuleInfo info = info_of(kHeader);
  EXPECT_THAT(info.functions, IsEmpty());
  EXPECT_THAT(info.imports, IsEmpty());
}

TEST(Inspect, SaysWhatIsNoModule) {
  EXPECT_THAT(error_of(""), HasSubstr("magic"));
  EXPECT_THAT(error_of("\0as"s), HasSubstr("magic"));
  EXPECT_THAT(error_of("(module)"), HasSubstr("magic"));
  EXPECT_THAT(error_of("\0asm"s), HasSubstr("version"));
  EXPECT_THAT(error_of("\0asm\2\0\0\0"s), HasSubstr("version"));
}

TEST(Inspect, KeepsParameterNamesUniqueWithinAFunction) {
  const std::string three = many_exports(1, 3);
  EXPECT_THAT(functions_of(three + name_section(local_names({"x", "x", "y"}))),
              ElementsAre("0(x i32, p1 i32, y i32)"));
  EXPECT_THAT(functions_of(three + name_section(local_names({"p1", "p1", "p2"}))),
              ElementsAre("0(p0 i32, p1 i32, p2 i32)"));
  EXPECT_THAT(functions_of(three + name_section(local_names({"", "\xFF", std::string(129, 'x')}))),
              ElementsAre("0(p0 i32, p1 i32, p2 i32)"));
  EXPECT_THAT(functions_of(three + name_section(local_names({"p", "p01", "param"}))),
              ElementsAre("0(p i32, p1 i32, param i32)"));
}

TEST(Inspect, IgnoresABrokenNameSection) {
  const std::string module = many_exports(1, 2);
  const auto plain = ElementsAre("0(p0 i32, p1 i32)");
  const std::string good = local_names({"a", "b"});
  EXPECT_THAT(functions_of(module + name_section(good)), ElementsAre("0(a i32, b i32)"));
  EXPECT_THAT(functions_of(module + name_section(good + "\2")), plain);
  EXPECT_THAT(functions_of(module + name_section(good + "\2\5\1")), plain);
  EXPECT_THAT(functions_of(module + name_section(section(2, "\1\0\5\0\1a"s))), plain);
  // Out of order, and function 0 twice.
  EXPECT_THAT(functions_of(module + name_section(section(2, "\1\0\2\1\1b\0\1a"s))), plain);
  EXPECT_THAT(functions_of(module + name_section(section(2, "\2\0\1\0\1a\0\1\1\1b"s))), plain);
  for (std::size_t length = 0; length < good.size(); ++length) {
    EXPECT_THAT(functions_of(module + name_section(good.substr(0, length))), plain) << length;
  }
}

TEST(Inspect, NeverReadsBeyondACutModule) {
  const Bytes whole = binary(R"((module (import "env" "f" (func (param i32)))
      (func (export "add") (param $a i32) (param $b (ref null func)) (result i32) local.get $a)))");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const std::string cut(whole.data(), length);  // on the heap, so that a sanitizer sees its end
    (void)inspect(cut);
  }
  EXPECT_THAT(functions_of(whole), ElementsAre("add(a i32, b funcref) -> i32"));
}

TEST(Inspect, SaysWhatIsNotValidAndWhere) {
  const std::string type = section(1, "\1\x60\0\0"s);
  const auto with_export = [&](std::string_view contents) {
    return kHeader + type + section(3, "\1\0"s) + section(7, contents) + section(10, "\1\2\0\x0B"s);
  };
  EXPECT_EQ(error_of(with_export("\1\1f\0\0"s)), "none");
  EXPECT_THAT(error_of(with_export("\1\1f\0\1"s)), HasSubstr("unknown function 1"));
  EXPECT_THAT(error_of(with_export("\1\1\xFF\0\0"s)), HasSubstr("UTF-8"));
  EXPECT_THAT(error_of(with_export("\1\1f\5\0"s)), HasSubstr("external kind"));
  EXPECT_THAT(error_of(with_export("\xFF\xFF\xFF\xFF\x0F"s)), HasSubstr("exports count"));
  EXPECT_THAT(error_of(with_export("\x80\x80\x80\x80\x10"s)), HasSubstr("integer too"));
  EXPECT_THAT(error_of(with_export("\x80\x80\x80\x80\x80\x00"s)), HasSubstr("integer "));
  EXPECT_THAT(error_of(kHeader + type + type), HasSubstr("section out of order"));
  EXPECT_THAT(error_of(kHeader + section(15, "")), HasSubstr("malformed section id"));
  EXPECT_THAT(error_of(kHeader + "\1\5\1\x60"s), HasSubstr("unexpected end"));
  EXPECT_THAT(error_of(kHeader + section(1, "\1\x61\0\0"s)), HasSubstr("leading byte (0x61)"));
  EXPECT_THAT(error_of(kHeader + section(1, "\1\x60\1\x40\0"s)), HasSubstr("value type"));
  EXPECT_THAT(error_of(kHeader + section(1, "\1\x60\0\0\0"s)), HasSubstr("unexpected data"));
  EXPECT_THAT(error_of(kHeader + section(2, "\1\1a\1b\6\0"s)), HasSubstr("external kind"));
  EXPECT_EQ(error_of(binary("(module (func (result i32)))")),
            "type mismatch: expected i32 but nothing on stack (at offset 0x18)");
}

// The validator quotes names.
TEST(Inspect, SaysItInOneLineOfBoundedLength) {
  const std::string name(60'000, '\n');
  const std::string twice = leb(2) + sized(name) + "\0\0"s + sized(name) + "\0\0"s;
  const std::string error = error_of(kHeader + section(1, "\1\x60\0\0"s) + section(3, "\1\0"s) +
                                     section(7, twice) + section(10, "\1\2\0\x0B"s));
  EXPECT_THAT(error, HasSubstr("duplicate export name"));
  EXPECT_EQ(error.find('\n'), error.npos);
  EXPECT_LT(error.size(), 5'000U);
}

TEST(Inspect, CountsWhatCostsTimeToCompile) {
  const auto cost = inspected(binary(R"((module
      (type (func (param i32 i32)))
      (import "env" "f" (func (type 0)))
      (table 1 funcref) (elem (i32.const 0) func 0)
      (func (local i64 i64))
      (func (param i32) (local i32)
        loop block loop
          local.get 0 local.set 1
          i32.const 1 i32.const 2 call 0
        end end end
        i32.const 3 i32.const 4 i32.const 0 call_indirect (type 0))))"))
                        .cost;
  EXPECT_EQ(cost.functions, 2U);
  EXPECT_EQ(cost.types, 3U);
  EXPECT_EQ(cost.element_segments, 1U);
  EXPECT_EQ(cost.code_bytes, 39U);
  EXPECT_EQ(cost.operators, 17U);
  EXPECT_EQ(cost.locals, 4U);
  EXPECT_EQ(cost.values, 3U + 2U + 3U) << "of types, the call and the indirect one";
  EXPECT_EQ(cost.loop_depths, 1U + 2U);
  EXPECT_EQ(cost.joins_squared, 12U * 12U)
      << "of 3 for each loop, 1 for the block, 2 for the local set in two loops, 3 for the table";
}

// What one of the two takes and the other does not would be stored and never run, or never stored.
TEST(Inspect, TakesTheProposalsThatTheEngineTakes) {
  const auto is_valid_for_the_engine = [](std::string_view bytes) {
    const ErrorHandle error{wasmtime_module_validate(
        engine().impl().optimized.engine.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()),
        bytes.size())};
    return error == nullptr;
  };
  for (const auto& [name, is_taken, text] : kProposals) {
    const Bytes bytes = binary("(module " + std::string(text) + ")");
    EXPECT_EQ(is_valid_for_the_engine(bytes), is_taken) << name;
    EXPECT_EQ(inspect(bytes).has_value(), is_taken) << name << ": " << error_of(bytes);
  }
}

TEST(Inspect, TellsWhatAnInstanceBeginsWith) {
  const ModuleInfo none = info_of(binary("(module (import \"a\" \"m\" (memory 7)))"));
  EXPECT_EQ(none.memory_bytes, 0U);
  EXPECT_EQ(none.table_elements, 0U);
  const ModuleInfo some =
      info_of(binary("(module (memory 2) (memory 3 9) (table 10 funcref) (table 5 20 externref))"));
  EXPECT_EQ(some.memory_bytes, 5U * 65'536);
  EXPECT_EQ(some.table_elements, 15U);
  const ModuleInfo vast = info_of(binary("(module (memory i64 0x1000000000000))"));
  EXPECT_EQ(vast.memory_bytes, std::numeric_limits<std::uint64_t>::max());
}

}  // namespace
}  // namespace wasm_server

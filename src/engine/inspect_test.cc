#include "engine/inspect.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/engine.h"

namespace wasm_server {
namespace {

using namespace std::string_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const Engine& engine() {
  static const auto made = Engine::make({.pool_slots = 2, .max_memory_bytes = 1U << 20});
  return **made;
}

Bytes binary(std::string_view wat) {
  auto bytes = engine().wat_to_wasm(wat);
  EXPECT_TRUE(bytes) << bytes.error().message;
  return bytes ? std::move(*bytes) : Bytes{};
}

ModuleInfo info_of(std::string_view bytes) {
  auto info = inspect(bytes);
  EXPECT_TRUE(info) << info.error().message;
  return info ? std::move(*info) : ModuleInfo{};
}

// "add(a i32, b i32) -> i32"
std::string show(const FunctionInfo& function) {
  std::string text = function.name + '(';
  for (const WasmParam& param : function.param) {
    if (!text.ends_with('(')) text += ", ";
    text += param.name + ' ' + to_text(param.param_type);
  }
  text += ')';
  for (const ValueType type : function.result) {
    text += text.ends_with(')') ? " -> "s : ", "s;
    text += to_text(type);
  }
  return text;
}

std::vector<std::string> functions_of(std::string_view bytes) {
  std::vector<std::string> shown;
  for (const FunctionInfo& function : info_of(bytes).functions) shown.push_back(show(function));
  return shown;
}

std::vector<std::string> functions_in(std::string_view wat) { return functions_of(binary(wat)); }

std::string error_of(std::string_view bytes) {
  const auto info = inspect(bytes);
  if (info) return "none";
  EXPECT_EQ(info.error().code, ErrorCode::kInvalidModule);
  return info.error().message;
}

// --- Pieces of the binary format, for what no text makes.

const std::string kHeader = "\0asm\1\0\0\0"s;

std::string leb(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>((value & 0x7F) | 0x80);
  return bytes + static_cast<char>(value);
}

std::string sized(std::string_view contents) {
  return leb(contents.size()) + std::string(contents);
}

std::string section(char id, std::string_view contents) { return id + sized(contents); }

std::string name_section(std::string_view subsections) {
  return section(0, sized("name") + std::string(subsections));
}

// A module that exports `exports` functions named 0, 1, ..., all of them function 0, of type (i32 x
// params) -> ().
std::string many_exports(std::uint32_t exports, std::uint32_t params) {
  std::string list = leb(exports);
  for (std::uint32_t i = 0; i < exports; ++i) list += sized(std::to_string(i)) + "\0\0"s;
  return kHeader + section(1, "\1\x60"s + leb(params) + std::string(params, '\x7F') + '\0') +
         section(3, "\1\0"s) + section(7, list) + section(10, "\1\2\0\x0B"s);
}

// Local names of function 0, by parameter.
std::string local_names(const std::vector<std::string>& names) {
  std::string map = leb(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) map += leb(i) + sized(names[i]);
  return section(2, "\1\0"s + map);
}

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
      (elem (i32.const 0) $f) (data (memory $second) (i32.const 0) "data")
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
  EXPECT_EQ(error_of("\0asm\x0D\0\1\0"s), "components are not supported yet");
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

TEST(Inspect, RefusesWhatDoesNotHoldTogether) {
  const std::string type = section(1, "\1\x60\0\0"s);
  const auto with_export = [&](std::string_view contents) {
    return kHeader + type + section(3, "\1\0"s) + section(7, contents);
  };
  EXPECT_EQ(error_of(with_export("\1\1f\0\0"s)), "none");
  EXPECT_THAT(error_of(with_export("\1\1f\0\1"s)), HasSubstr("no type"));
  EXPECT_THAT(error_of(with_export("\1\1\xFF\0\0"s)), HasSubstr("UTF-8"));
  EXPECT_THAT(error_of(with_export("\1\1f\5\0"s)), HasSubstr("kind of export"));
  EXPECT_THAT(error_of(with_export("\xFF\xFF\xFF\xFF\x0F"s)), HasSubstr("more items"));
  EXPECT_THAT(error_of(with_export("\x80\x80\x80\x80\x10"s)), HasSubstr("integer too"));
  EXPECT_THAT(error_of(with_export("\x80\x80\x80\x80\x80\x00"s)), HasSubstr("integer too"));
  EXPECT_THAT(error_of(kHeader + type + type), HasSubstr("repeated section"));
  EXPECT_THAT(error_of(kHeader + section(15, "")), HasSubstr("unknown or repeated section"));
  EXPECT_THAT(error_of(kHeader + "\1\5\1\x60"s), HasSubstr("unexpected end"));
  EXPECT_THAT(error_of(kHeader + section(1, "\1\x61\0\0"s)), HasSubstr("form of type"));
  EXPECT_THAT(error_of(kHeader + section(1, "\1\x60\1\x40\0"s)), HasSubstr("value type"));
  EXPECT_THAT(error_of(kHeader + section(1, "\1\x60\0\0\0"s)), HasSubstr("more bytes"));
  EXPECT_THAT(error_of(kHeader + section(2, "\1\1a\1b\6\0"s)), HasSubstr("kind of import"));
}

TEST(Inspect, BoundsWhatManyExportsOfALongTypeTake) {
  EXPECT_EQ(info_of(many_exports(262, 1000)).functions.size(), 262U);
  EXPECT_THAT(error_of(many_exports(100'000, 1000)), HasSubstr("too many parameters"));
}

// A module of `types` types, the last `grouped` of them in one recursive group.
std::string many_types(std::uint32_t types, std::uint32_t grouped) {
  std::string list = leb(types - grouped + (grouped > 0 ? 1 : 0));
  for (std::uint32_t i = grouped; i < types; ++i) list += "\x60\0\0"s;
  if (grouped > 0) list += "\x4E"s + leb(grouped);
  for (std::uint32_t i = 0; i < grouped; ++i) list += "\x5F\0"s;
  return kHeader + section(1, list);
}

TEST(Inspect, RefusesMoreTypesThanTheEngineCanBeGiven) {
  EXPECT_EQ(error_of(many_types(10'000, 0)), "none");
  EXPECT_EQ(error_of(many_types(10'000, 6'000)), "none");
  EXPECT_THAT(error_of(many_types(10'001, 0)), HasSubstr("10,000 types"));
  EXPECT_THAT(error_of(many_types(10'001, 6'000)), HasSubstr("10,000 types"));
}

TEST(Inspect, RefusesMoreFunctionsThanTheEngineCanBeGiven) {
  const auto many = [](std::uint32_t functions) {
    return kHeader + section(1, "\1\x60\0\0"s) +
           section(3, leb(functions) + std::string(functions, '\0'));
  };
  EXPECT_EQ(error_of(many(100'000)), "none");
  EXPECT_THAT(error_of(many(100'001)), HasSubstr("100,000 functions"));
}

TEST(Inspect, RefusesMoreElementSegmentsThanTheEngineCanBeGiven) {
  const auto many = [](std::uint32_t segments) {
    std::string list = leb(segments);
    for (std::uint32_t i = 0; i < segments; ++i) list += "\1\0\0"s;
    return kHeader + section(9, list);
  };
  EXPECT_EQ(error_of(many(10'000)), "none");
  EXPECT_THAT(error_of(many(10'001)), HasSubstr("10,000 element segments"));
}

TEST(Inspect, TakesAHundredThousandExportsAndAHugeNameSection) {
  std::string map = leb(200'000);
  for (std::uint32_t i = 0; i < 200'000; ++i)
    map += leb(i) + "\1\0"s + sized(std::string(200, 'x'));
  const std::string module = many_exports(100'000, 2) + name_section(section(2, map));
  const ModuleInfo info = info_of(module);
  ASSERT_EQ(info.functions.size(), 100'000U);
  EXPECT_EQ(show(info.functions[99'999]), "99999(p0 i32, p1 i32)");
}

TEST(BytesToValidate, DataAndCustomSectionsArePassedOver) {
  const std::string data(50'000, 'x');
  const Bytes wasm = binary("(module (memory 1) (data (i32.const 0) \"" + data + "\"))");
  EXPECT_GT(wasm.size(), 50'000U);
  EXPECT_LT(bytes_to_validate(wasm), 100U);
}

TEST(BytesToValidate, CodeCounts) {
  const Bytes wasm = binary("(module (func i32.const 1 drop))");
  EXPECT_EQ(bytes_to_validate(wasm), wasm.size());
}

TEST(BytesToValidate, WhatIsNotTheBinaryFormatCountsWhole) {
  const std::string text(5'000, 'x');
  EXPECT_EQ(bytes_to_validate(text), text.size());
  const Bytes wasm = binary("(module (memory 1) (data (i32.const 0) \"0123456789\"))");
  const std::string_view cut = std::string_view(wasm).substr(0, wasm.size() - 3);
  EXPECT_EQ(bytes_to_validate(cut), cut.size());
}

}  // namespace
}  // namespace wasm_server

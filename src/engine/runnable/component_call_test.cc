#include "engine/runnable/component_call.h"

#include <semaphore>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/runnable/component_function.h"
#include "engine/runnable/core_call_test.h"
#include "engine/values/values.h"
#include "testing/engine_fixture.h"

namespace wasm_server {
namespace {

using testing_engine::call_of;
using testing_engine::TestCall;

// A component whose function `f` gives a list back as it came: what is passed goes through the
// guest's memory both ways.
std::string list_echo(const std::string& types, const std::string& element) {
  return R"((component )" + types + R"(
  (core module $m
    (memory (export "memory") 1)
    (global $free (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $free) (i32.sub (local.get 2) (i32.const 1)))
                              (i32.sub (i32.const 0) (local.get 2))))
      (global.set $free (i32.add (local.get $at) (local.get 3)))
      (block $enough
        (br_if $enough (i32.le_u (global.get $free) (i32.shl (memory.size) (i32.const 16))))
        (drop (memory.grow (i32.add (i32.const 1) (i32.shr_u (local.get 3) (i32.const 16))))))
      (local.get $at))
    (func (export "f") (param i32 i32) (result i32)
      (i32.store (i32.const 8) (local.get 0)) (i32.store (i32.const 12) (local.get 1))
      (i32.const 8)))
  (core instance $i (instantiate $m))
  (type $e )" +
         element + R"()
  (export $x "e" (type $e))
  (func (export "f") (param "x" (list $x)) (result (list $x))
    (canon lift (core func $i "f") (memory (core memory $i "memory")) (realloc (core func $i "realloc"))))))";
}

// The same for one type that needs no name.
std::string plain_echo(const std::string& element) {
  auto text = list_echo("", "u8");
  const std::string before = "(type $e u8)\n  (export $x \"e\" (type $e))\n";
  text.replace(text.find(before), before.size(), "");
  for (auto at = text.find("$x"); at != std::string::npos; at = text.find("$x")) {
    text.replace(at, 2, element);
  }
  return text;
}

TestCall typed(TestCall call, const std::vector<std::string>& params, const std::string& result,
               const std::string& arguments) {
  for (const auto& param : params) {
    call.called.param.push_back({"x", value_type_from_text(param).value()});
  }
  call.called.result = {value_type_from_text(result).value()};
  const auto document = parse_json(arguments).value();
  call.args = to_values(document.root(), call.called.param).value();
  return call;
}

std::string results_of(TestCall call) {
  const auto returned = run_to<Returned>(std::move(call));
  std::string json;
  append_json(json, returned.results, returned.function->result);
  return json;
}

struct Echo {
  std::string element;  // in component text
  std::string type;     // in WIT
  std::string list;     // in JSON
};

TEST(ComponentCall, GivesBackValuesOfEveryType) {
  const std::vector<Echo> echoes = {
      {"bool", "bool", "[true,false]"},
      {"s8", "s8", "[-128,127,0]"},
      {"u8", "u8", "[0,255,7]"},
      {"s16", "s16", "[-32768,32767]"},
      {"u16", "u16", "[0,65535]"},
      {"s32", "s32", "[-2147483648,2147483647]"},
      {"u32", "u32", "[0,4294967295]"},
      {"s64", "s64", R"([-1,"-9223372036854775808"])"},
      {"u64", "u64", R"([1,"18446744073709551615"])"},
      {"f32", "f32", R"([1.5,"-Infinity"])"},
      {"f64", "f64", R"([0.1,"Infinity"])"},
      {"char", "char", R"(["a","ü","😀"])"},
      {"string", "string", R"(["","grün","a\nb"])"},
      {"(list u8)", "list<u8>", "[[1,2],[],[255]]"},
      {"(list string)", "list<string>", R"([["a"],[],["b","c"]])"},
      {"(tuple u8 u64 char)", "tuple<u8, u64, char>", R"([[1,2,"c"],[3,4,"d"]])"},
      {"(option u32)", "option<u32>", "[null,7]"},
      {"(option (option u32))", "option<option<u32>>", R"([null,{"some":null},{"some":5}])"},
      {"(result u64 (error string))", "result<u64, string>", R"([{"ok":1},{"err":"no"}])"},
      {"(result)", "result", R"([{"ok":null},{"err":null}])"},
  };
  for (const auto& [element, type, list] : echoes) {
    const auto wrapped = "list<" + type + ">";
    EXPECT_EQ(results_of(typed(call_of(plain_echo(element)), {wrapped}, wrapped, "[" + list + "]")),
              "[" + list + "]")
        << type;
  }
}

TEST(ComponentCall, GivesBackValuesOfNamedTypes) {
  const std::vector<Echo> echoes = {
      {R"((record (field "x" s32) (field "label" (option string)) (field "b" u8)))",
       "record { x: s32, label: option<string>, b: u8 }",
       R"([{"x":1,"label":null,"b":2},{"x":-1,"label":"l","b":3}])"},
      {R"((variant (case "none") (case "circle" f64) (case "name" string)))",
       "variant { none, circle(f64), name(string) }",
       R"([{"none":null},{"circle":2.5},{"name":"n"}])"},
      {R"((enum "red" "green" "blue"))", "enum { red, green, blue }", R"(["red","blue"])"},
      {R"((flags "read" "write" "exec"))", "flags { read, write, exec }",
       R"([[],["read","exec"]])"},
      {R"((flags "a" "b" "c" "d" "e" "f" "g" "h" "i"))", "flags { a, b, c, d, e, f, g, h, i }",
       R"([["i"],["a"]])"},
  };
  for (const auto& [element, type, list] : echoes) {
    const auto wrapped = "list<" + type + ">";
    EXPECT_EQ(
        results_of(typed(call_of(list_echo("", element)), {wrapped}, wrapped, "[" + list + "]")),
        "[" + list + "]")
        << type;
  }
}

// Core parameters and results, without memory.
constexpr std::string_view kAdd = R"((component
  (core module $m (func (export "f") (param i32 i32) (result i32)
    (i32.add (local.get 0) (local.get 1))))
  (core instance $i (instantiate $m))
  (func $f (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $i "f")))
  (instance $docs (export "add" (func $f)))
  (export "docs:math/ops@1.2.3" (instance $docs))
  (export "f" (func $f))))";

TEST(ComponentCall, CallsAFunctionOfTheComponentItself) {
  EXPECT_EQ(results_of(typed(call_of(kAdd), {"u32", "u32"}, "u32", "[2,40]")), "[42]");
}

TEST(ComponentCall, CallsAFunctionOfAnInterface) {
  auto call = call_of(kAdd, "docs:math/ops.add@1.2.3");
  EXPECT_EQ(results_of(typed(std::move(call), {"u32", "u32"}, "u32", "[2,40]")), "[42]");
}

TEST(ComponentCall, SaysWhichFunctionIsMissing) {
  auto call = call_of(kAdd, "docs:math/ops.sub@1.2.3");
  EXPECT_EQ(run_to<Refused>(std::move(call)).error.code, ErrorCode::kFunctionNotFound);
}

TEST(ComponentCall, SplitsNames) {
  const auto named = split_component_function("docs:types/all.mk@0.1.0");
  EXPECT_EQ(named.interface, "docs:types/all@0.1.0");
  EXPECT_EQ(named.name, "mk");
  const auto method = split_component_function("docs:types/all.[method]counter.incr@0.1.0-rc.1");
  EXPECT_EQ(method.interface, "docs:types/all@0.1.0-rc.1");
  EXPECT_EQ(method.name, "[method]counter.incr");
  EXPECT_EQ(split_component_function("plain").interface, "");
  EXPECT_EQ(split_component_function("[static]a.b").name, "[static]a.b");
}

// Payloads of different types share the core parameters of a variant.
TEST(ComponentCall, PassesCasesWithoutMemory) {
  constexpr std::string_view kCases = R"((component
  (core module $m (func (export "f") (param i32 i64 i32) (result i64)
    (i64.add (i64.mul (i64.extend_i32_u (local.get 0)) (i64.const 1000000)) 
             (i64.add (local.get 1) (i64.extend_i32_u (local.get 2))))))
  (core instance $i (instantiate $m))
  (type $v (variant (case "none") (case "small" u8) (case "big" u64)))
  (export $x "v" (type $v))
  (func (export "f") (param "v" $x) (param "last" u8) (result u64)
    (canon lift (core func $i "f")))))";
  const std::string type = "variant { none, small(u8), big(u64) }";
  const auto call = [&](const std::string& arguments) {
    return results_of(typed(call_of(kCases), {type, "u8"}, "u64", arguments));
  };
  EXPECT_EQ(call(R"([{"none":null},3])"), "[3]");
  EXPECT_EQ(call(R"([{"small":200},3])"), "[1000203]");
  EXPECT_EQ(call(R"([{"big":5000000},3])"), "[7000003]");
}

// More than sixteen core parameters go through memory.
TEST(ComponentCall, PassesManyParameters) {
  std::string params;
  std::string results;
  std::vector<std::string> types;
  std::string arguments;
  for (int i = 0; i < 9; ++i) {
    params += "(param \"p" + std::to_string(i) + "\" string)";
    results += " string";
    types.emplace_back("string");
    arguments += std::string(i == 0 ? "" : ",") + "\"" + std::to_string(i * i) + "\"";
  }
  const auto wat = R"((component
  (core module $m
    (memory (export "memory") 1)
    (global $free (mut i32) (i32.const 64))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (global.get $free)
      (global.set $free (i32.and (i32.add (i32.add (global.get $free) (local.get 3))
                                          (i32.const 7)) (i32.const -8))))
    (func (export "f") (param i32) (result i32) (local.get 0)))
  (core instance $i (instantiate $m))
  (func (export "f") )" +
                   params + " (result (tuple" + results + R"())
    (canon lift (core func $i "f") (memory (core memory $i "memory")) (realloc (core func $i "realloc"))))))";
  EXPECT_EQ(results_of(typed(call_of(wat), types,
                             "tuple<string, string, string, string, string, string, string, "
                             "string, string>",
                             "[" + arguments + "]")),
            "[[" + arguments + "]]");
}

TEST(ComponentCall, PassesAMegabyte) {
  auto call = call_of(plain_echo("u8"));
  const auto type = value_type_from_text("list<u8>").value();
  call.called.param = {{"x", type}};
  call.called.result = {type};
  const Bytes bytes(1U << 20, 'x');
  call.args = {Value{bytes}};
  const auto returned = run_to<Returned>(std::move(call));
  EXPECT_EQ(std::get<std::string>(returned.results.at(0).content), bytes);
}

TestCall lying(const std::string& body, const std::string& type = "(list u32)") {
  return call_of(R"((component
  (core module $m (memory (export "memory") 1) (func (export "f") (result i32) )" +
                 body + R"())
  (core instance $i (instantiate $m))
  (func (export "f") (result )" +
                 type + R"()
    (canon lift (core func $i "f") (memory (core memory $i "memory"))))))");
}

TEST(ComponentCall, BlamesTheGuestForAResultThatIsNone) {
  auto beyond = lying(
      "(i32.store (i32.const 0) (i32.const 65536)) (i32.store (i32.const 4) "
      "(i32.const 1)) (i32.const 0)");
  beyond.called.result = {value_type_from_text("list<u32>").value()};
  const auto trapped = run_to<Trapped>(std::move(beyond));
  EXPECT_EQ(trapped.kind, "other");
  EXPECT_THAT(trapped.message, testing::HasSubstr("out of bounds"));

  auto odd = lying(
      "(i32.store (i32.const 0) (i32.const 3)) (i32.store (i32.const 4) "
      "(i32.const 1)) (i32.const 0)");
  odd.called.result = {value_type_from_text("list<u32>").value()};
  EXPECT_THAT(run_to<Trapped>(std::move(odd)).message, testing::HasSubstr("not aligned"));

  auto no_case = lying("(i32.const 9)", "bool");
  no_case.called.result = {ValueType::kBool};
  EXPECT_EQ(results_of(std::move(no_case)), "[true]");
}

// Lists in lists that all lie in the same place: a few bytes that describe billions of values.
TEST(ComponentCall, StopsAResultWithoutEnd) {
  auto call = lying(
      "(local $at i32) (loop $next (i32.store offset=4 (local.get $at) (i32.const 8000))"
      " (local.set $at (i32.add (local.get $at) (i32.const 8)))"
      " (br_if $next (i32.lt_u (local.get $at) (i32.const 64000)))) (i32.const 0)",
      "(list (list (list (list u8))))");
  call.called.result = {value_type_from_text("list<list<list<list<u8>>>>").value()};
  EXPECT_EQ(run_to<Refused>(std::move(call)).error.code, ErrorCode::kOutputLimit);
}

TEST(ComponentCall, SaysWhereItTrapped) {
  const auto trapped = run_to<Trapped>(lying("unreachable"));
  EXPECT_EQ(trapped.kind, "unreachable");
  EXPECT_FALSE(trapped.backtrace.empty());
}

TEST(ComponentCall, IsStoppedAtItsDeadline) {
  auto call = lying("(loop br 0) (i32.const 0)");
  call.limits.timeout = std::chrono::milliseconds(30);
  run_to<TimedOut>(std::move(call));
}

TEST(ComponentCall, HasItsMemoryLimit) {
  auto call = call_of(R"((component
  (core module $m (memory 2) (func (export "f") (result i32) (memory.grow (i32.const 100))))
  (core instance $i (instantiate $m))
  (func (export "f") (result s32) (canon lift (core func $i "f")))))");
  call.called.result = {ValueType::kS32};
  call.limits.memory_bytes = 10U << 16;
  EXPECT_EQ(results_of(call), "[-1]");
  call.limits.memory_bytes = 1U << 16;
  EXPECT_EQ(run_to<Refused>(call).error.code, ErrorCode::kMemoryLimit);
}

constexpr std::string_view kExit = R"((component
  (import "wasi:cli/exit@0.2.0" (instance $exit (export "exit" (func (param "status" (result))))))
  (core func $exit (canon lower (func $exit "exit")))
  (core module $m (import "h" "exit" (func $exit (param i32)))
    (func (export "run") (result i32) (call $exit (i32.const 1)) (unreachable)))
  (core instance $i (instantiate $m (with "h" (instance (export "exit" (func $exit))))))
  (func $run (result (result)) (canon lift (core func $i "run")))
  (instance $cli (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $cli))))";

constexpr std::string_view kFails = R"((component
  (core module $m (func (export "run") (result i32) (i32.const 1)))
  (core instance $i (instantiate $m))
  (func $run (result (result)) (canon lift (core func $i "run")))
  (instance $cli (export "run" (func $run)))
  (export "wasi:cli/run@0.2.3" (instance $cli))))";

TEST(ComponentCall, RunsCommands) {
  auto exits = call_of(kExit);
  exits.command = true;
  EXPECT_EQ(run_to<Exited>(std::move(exits)).code, 1);
  auto fails = call_of(kFails);
  fails.command = true;
  EXPECT_EQ(run_to<Exited>(std::move(fails)).code, 1);
}

// Sleeps for as long as it is told, in milliseconds.
constexpr std::string_view kSleeps = R"((component
  (import "wasi:io/poll@0.2.0" (instance $poll (export "pollable" (type (sub resource)))
    (export "[method]pollable.block" (func (param "self" (borrow 0))))))
  (alias export $poll "pollable" (type $pollable))
  (import "wasi:clocks/monotonic-clock@0.2.0" (instance $clock
    (alias outer 1 $pollable (type $p))
    (export "pollable" (type (eq $p)))
    (export "subscribe-duration" (func (param "when" u64) (result (own 1))))))
  (core func $subscribe (canon lower (func $clock "subscribe-duration")))
  (core func $block (canon lower (func $poll "[method]pollable.block")))
  (core module $m
    (import "h" "subscribe" (func $subscribe (param i64) (result i32)))
    (import "h" "block" (func $block (param i32)))
    (func (export "f") (param i64)
      (call $block (call $subscribe (i64.mul (local.get 0) (i64.const 1000000))))))
  (core instance $i (instantiate $m (with "h" (instance
    (export "subscribe" (func $subscribe)) (export "block" (func $block))))))
  (func (export "f") (param "ms" u64) (canon lift (core func $i "f")))))";

TestCall sleeper(std::uint64_t milliseconds) {
  auto call = call_of(kSleeps);
  call.called.param = {{"ms", ValueType::kU64}};
  call.args = {Value::bits(milliseconds)};
  return call;
}

TEST(ComponentCall, SleepsWithoutAThread) {
  const auto begin = Runnable::Clock::now();
  run_to<Returned>(sleeper(50));
  EXPECT_GE(Runnable::Clock::now() - begin, std::chrono::milliseconds(50));
}

// What wakes it comes from another thread, perhaps before anybody hears it.
TEST(ComponentCall, SaysWhenItWantsToBePolled) {
  const auto call = make_runnable(sleeper(20));
  ASSERT_EQ(call->poll(), Runnable::Progress::kWaiting);
  std::binary_semaphore woken(0);
  call->on_wake([&] { woken.release(); });
  woken.acquire();
  EXPECT_EQ(call->poll(), Runnable::Progress::kFinished);
}

TEST(ComponentCall, IsDroppedWhileItSleeps) {
  std::vector<std::unique_ptr<Runnable>> calls;
  for (int i = 0; i < 20; ++i) {
    calls.push_back(make_runnable(sleeper(i % 2 == 0 ? 1 : 1'000'000)));
    calls.back()->poll();
  }
}

TEST(ComponentCall, RefusesWhatItIsNotOffered) {
  const auto module = testing_engine::compile(
      R"((component (import "my:own/thing" (instance (export "f" (func))))))");
  ASSERT_TRUE(module->link_error());
  EXPECT_THAT(module->link_error()->message, testing::HasSubstr("my:own/thing"));
}

TEST(ComponentCall, LoadsItsArtefact) {
  const auto artefact = testing_engine::compile(kAdd)->serialize().value();
  auto call = call_of(kAdd);
  call.module = CompiledModule::load(testing_engine::engine(), artefact).value();
  EXPECT_EQ(call.module->cost().mapped, 0U);
  EXPECT_EQ(results_of(typed(std::move(call), {"u32", "u32"}, "u32", "[2,40]")), "[42]");
}

}  // namespace
}  // namespace wasm_server

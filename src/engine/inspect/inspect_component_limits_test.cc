// Components that are small and stand for much.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/inspect/inspect.h"
#include "engine/inspect/inspect_test.h"

namespace wasm_server {
namespace {

using namespace inspect_test;  // NOLINT(google-build-using-namespace): the helpers of these tests
using testing::HasSubstr;

const std::string kComponentHeader = "\0asm\x0D\0\1\0"s;

// What a function can be lifted from that returns what takes more than one word.
constexpr std::string_view kCore = R"(
    (core module $M (memory (export "m") 1) (func (export "f") (result i32) unreachable))
    (core instance $c (instantiate $M))
    (alias core export $c "m" (core memory $m)))";

// A component that exports a function with a result of that type, of types that stand before it.
std::string with_result(const std::string& types, const std::string& type) {
  return "(component " + types + std::string(kCore) + R"((func (export "f") (result )" + type +
         R"() (canon lift (core func $c "f") (memory $m)))))";
}

// Each is of two of the one before it.
std::string doubled(int levels) {
  std::string types = "(type $t0 (tuple u8 u8))";
  for (int i = 1; i <= levels; ++i) {
    const std::string before = "$t" + std::to_string(i - 1);
    types.append("(type $t" + std::to_string(i) + " (tuple ").append(before).append(" ");
    types.append(before).append("))");
  }
  return types;
}

TEST(InspectComponent, BoundsTheTypesThatAreWrittenOut) {
  const auto error = [](int levels) {
    return error_of(binary(with_result(doubled(levels), "$t" + std::to_string(levels))));
  };
  EXPECT_EQ(error(10), "none");
  EXPECT_EQ(error(14), "a type of an exported function takes more than 65536 bytes as text");
  EXPECT_THAT(error(17), HasSubstr("takes more than 65536 bytes"));
  EXPECT_THAT(error(60), HasSubstr("type size"));  // the validator's own
}

TEST(InspectComponent, BoundsTheTypesOfAllFunctionsTogether) {
  const auto text = [](int functions) {
    std::string all = "(component " + doubled(10) + std::string(kCore) + R"(
      (func $f (result $t10) (canon lift (core func $c "f") (memory $m))))";
    for (int i = 0; i < functions; ++i) all += "(export \"f" + std::to_string(i) + "\" (func $f))";
    return all + ")";
  };
  EXPECT_EQ(error_of(binary(text(60))), "none");
  EXPECT_THAT(error_of(binary(text(80))), HasSubstr("too many parameters, results and parts"));
}

TEST(InspectComponent, BoundsHowDeepTypesAreAndHowManyFlagsTheyHave) {
  const auto deep = [](int levels) {
    std::string types = "(type $t0 (list u8))";
    for (int i = 1; i < levels; ++i)
      types += "(type $t" + std::to_string(i) + " (list $t" + std::to_string(i - 1) + "))";
    return binary(with_result(types, "$t" + std::to_string(levels - 1)));
  };
  EXPECT_EQ(error_of(deep(63)), "none");
  EXPECT_EQ(error_of(deep(64)), "a type of an exported function is more than 64 levels deep");
  const auto flags = [](int count) {
    std::string names;
    for (int i = 0; i < count; ++i) names += " \"f" + std::to_string(i) + '"';
    return binary(
        with_result("(type $flags (flags" + names + ")) (export $t \"t\" (type $flags))", "$t"));
  };
  EXPECT_EQ(error_of(flags(32)), "none");
  EXPECT_THAT(error_of(flags(33)), HasSubstr("32 flags"));
}

// Each level takes three bytes, and a frame of the parser that reads it.
TEST(InspectComponent, IsNotLedDownByTypesInTypes) {
  const auto nested = [](std::string_view level, int levels) {
    std::string types;
    for (int i = 0; i < levels; ++i) types += level;
    types += "\x42\0"s;
    return kComponentHeader + section(7, "\1"s + types);
  };
  EXPECT_EQ(error_of(nested("\x42\1\1", 50)), "none");
  for (const auto level : {"\x42\1\1", "\x41\1\1"}) {
    EXPECT_EQ(error_of(nested(level, 1'000'000)),
              "the component has types that are nested too deeply");
  }
}

// Each type of instances exports an instance of the one before it. The validator would panic, and
// with it the process.
TEST(InspectComponent, IsNotLedDownByInstancesOfInstances) {
  const auto types = [](int levels) {
    std::string text = "(component (type $t0 (instance))";
    for (int i = 1; i <= levels; ++i) {
      const std::string before = "$t" + std::to_string(i - 1);
      text.append("(type $t" + std::to_string(i) + " (instance (alias outer 1 ").append(before);
      text.append(" (type $t)) (export \"x\" (instance (type $t)))))");
    }
    return binary(text + ")");
  };
  const auto instances = [](int levels) {
    std::string text = "(component (instance $i0)";
    for (int i = 1; i <= levels; ++i) {
      text.append("(instance $i" + std::to_string(i) + " (export \"x\" (instance $i");
      text.append(std::to_string(i - 1)).append(")))");
    }
    return binary(text + ")");
  };
  constexpr auto kTooDeep = "the component has types that are nested too deeply";
  EXPECT_EQ(error_of(types(60)), "none");
  EXPECT_EQ(error_of(instances(60)), "none");
  for (const int levels : {127, 128, 900}) {
    EXPECT_EQ(error_of(types(levels)), kTooDeep);
    EXPECT_EQ(error_of(instances(levels)), kTooDeep);
  }
}

// The validator visits all of a type at each of its uses, which take a few bytes.
TEST(InspectComponent, BoundsHowOftenLargeTypesAreUsed) {
  const auto uses = [](int levels, int count) {
    std::string text = "(component " + doubled(levels) + "(import \"f\" (func $f (result $t" +
                       std::to_string(levels) + "))) (core module $M (memory (export \"m\") 1))" +
                       "(core instance $c (instantiate $M))" +
                       "(alias core export $c \"m\" (core memory $m))";
    for (int i = 0; i < count; ++i) text += "(core func (canon lower (func $f) (memory $m)))";
    return error_of(binary(text + ")"));
  };
  EXPECT_EQ(uses(5, 1'000), "none");
  EXPECT_EQ(uses(16, 10), "none");
  EXPECT_EQ(uses(16, 1'000),
            "the component has types that are too large for how often they are used");
}

std::string nested_components(int levels) {
  std::string component = kComponentHeader;
  for (int i = 0; i < levels; ++i)
    component = std::string(kComponentHeader).append(section(4, component));
  return component;
}

TEST(InspectComponent, BoundsHowDeepComponentsAreNested) {
  EXPECT_EQ(error_of(nested_components(31)), "none");
  EXPECT_EQ(error_of(nested_components(32)), "components are nested more than 32 deep");
  const std::string deep = nested_components(3'000);
  EXPECT_EQ(error_of(deep), "components are nested more than 32 deep");
  EXPECT_EQ(bytes_to_validate(deep), deep.size());
}

std::string instances(std::string_view module, int count) {
  std::string text = "(component (core module $M " + std::string(module) + ")";
  for (int i = 0; i < count; ++i) text += "(core instance (instantiate $M))";
  return text + ")";
}

TEST(InspectComponent, BoundsItsInstancesAndWhatTheyHave) {
  EXPECT_EQ(error_of(binary(instances("", 100))), "none");
  EXPECT_EQ(error_of(binary(instances("", 101))),
            "an instance of the component has more than 100 instances of modules");
  EXPECT_EQ(error_of(binary(instances("(memory 1)", 16))), "none");
  EXPECT_EQ(error_of(binary(instances("(memory 1)", 17))),
            "an instance of the component has more than 16 memories");
  EXPECT_EQ(error_of(binary(instances("(table 1 funcref)", 17))),
            "an instance of the component has more than 16 tables");
}

// Each component instantiates the one in it twice.
TEST(InspectComponent, CountsInstancesOfInstances) {
  const auto doubling = [](int levels) {
    std::string text = "(component $C0 (core module $M) (core instance (instantiate $M)))";
    for (int i = 1; i <= levels; ++i) {
      const std::string inner = "(instance (instantiate $C" + std::to_string(i - 1) + "))";
      std::string outer = "(component $C" + std::to_string(i) + " ";
      outer.append(text).append(inner).append(inner).append(")");
      text = std::move(outer);
    }
    return text;
  };
  EXPECT_EQ(error_of(binary(doubling(6))), "none");
  EXPECT_THAT(error_of(binary(doubling(7))), HasSubstr("more than 100 instances of modules"));
  EXPECT_EQ(error_of(binary(doubling(30))),
            "the component has more than 100000 definitions, those of its instances included");
}

TEST(InspectComponent, AppliesTheBoundsOfModulesToTheSum) {
  const auto modules = [](int count, std::string_view fields) {
    std::string text = "(component";
    for (int i = 0; i < count; ++i) text.append("(core module ").append(fields).append(")");
    return binary(text + ")");
  };
  EXPECT_EQ(error_of(modules(4, "(func)(func)"), {.functions = 8}), "none");
  EXPECT_THAT(error_of(modules(4, "(func)(func)"), {.functions = 7}),
              HasSubstr("more than 7 functions"));
  EXPECT_EQ(error_of(modules(4, "(type (func))"), {.types = 4}), "none");
  EXPECT_THAT(error_of(modules(4, "(type (func))"), {.types = 3}), HasSubstr("more than 3 types"));
  EXPECT_THAT(error_of(modules(4, "(func) (elem func 0)"), {.element_segments = 3}),
              HasSubstr("more than 3 element segments"));
  EXPECT_THAT(error_of(binary("(component (type u8) (type u8) (type u8))"), {.types = 2}),
              HasSubstr("more than 2 types"));
}

TEST(InspectComponent, DoesNotInstantiateWhatItIsGiven) {
  EXPECT_THAT(error_of(binary(R"((component (component (import "m" (core module $M))
      (core instance (instantiate $M)))))")),
              HasSubstr("that it is given by another"));
  EXPECT_EQ(error_of(binary(R"((component (import "m" (core module $M))
      (core instance (instantiate $M))))")),
            "none")
      << "nobody offers it: the module is stored, and says so";
}

TEST(InspectComponent, IsReadAsAWholeOrNotAtAll) {
  const Bytes whole = binary(with_result(doubled(3), "$t3"));
  for (std::size_t size = 8; size < whole.size(); ++size) {
    const std::string cut(whole.data(), size);  // on the heap, for the sanitizer
    const auto found = inspect(cut);            // between two sections it is a whole one
    EXPECT_TRUE(found || found.error().code == ErrorCode::kInvalidModule);
    EXPECT_LE(bytes_to_validate(cut), size);
  }
  for (std::size_t place = 8; place < whole.size(); ++place) {
    for (const unsigned bit : {1U, 0x10U, 0x80U}) {
      std::string changed(whole);
      changed[place] = static_cast<char>(static_cast<unsigned char>(changed[place]) ^ bit);
      const auto found = inspect(changed);
      EXPECT_TRUE(found || found.error().code == ErrorCode::kInvalidModule);
    }
  }
}

TEST(BytesToValidate, DataInTheModulesOfComponentsIsPassedOver) {
  const std::string data(50'000, 'x');
  const Bytes wasm = binary("(component (component (core module (memory 1) (data (i32.const 0) \"" +
                            data + "\"))) (core module (func)))");
  EXPECT_GT(wasm.size(), 50'000U);
  EXPECT_LT(bytes_to_validate(wasm), 150U);
}

}  // namespace
}  // namespace wasm_server

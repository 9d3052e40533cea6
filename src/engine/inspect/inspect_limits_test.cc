#include <cstdint>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/inspect/inspect_test.h"

namespace wasm_server {
namespace {

using namespace inspect_test;  // NOLINT(google-build-using-namespace): the helpers of these tests
using testing::HasSubstr;

TEST(Inspect, BoundsWhatManyExportsOfALongTypeTake) {
  EXPECT_EQ(info_of(many_exports(262, 1000)).functions.size(), 262U);
  EXPECT_THAT(error_of(many_exports(300, 1000)), HasSubstr("too many parameters"));
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
  EXPECT_EQ(error_of(many_types(10'001, 0)),
            "the module has more than 10,000 types (at offset 0xe)");
  EXPECT_THAT(error_of(many_types(10'001, 6'000)), HasSubstr("10,000 types"));
}

// A module of functions that do nothing.
std::string many_functions(std::uint32_t functions) {
  std::string bodies = leb(functions);
  for (std::uint32_t i = 0; i < functions; ++i) bodies += "\2\0\x0B"s;
  return kHeader + section(1, "\1\x60\0\0"s) +
         section(3, leb(functions) + std::string(functions, '\0')) + section(10, bodies);
}

TEST(Inspect, RefusesMoreFunctionsThanTheOperatorAllows) {
  EXPECT_EQ(error_of(many_functions(100'000)), "none");
  EXPECT_THAT(error_of(many_functions(100'001)), HasSubstr("100,000 functions"));
  EXPECT_EQ(error_of(many_functions(133'398), {.functions = 200'000}), "none");
  EXPECT_EQ(error_of(many_functions(7), {.functions = 7}), "none");
  EXPECT_THAT(error_of(many_functions(8), {.functions = 7}), HasSubstr("more than 7 functions"));
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

TEST(Inspect, RefusesMoreMemoriesAndTablesThanAnInstanceHasRoomFor) {
  const auto many = [](int count, const std::string& item) {
    std::string text =
        "(module (import \"env\" \"m\" (memory 1)) (import \"env\" \"t\" (table 1 funcref))";
    for (int i = 0; i < count; ++i) text += item;
    return binary(text + ")");
  };
  EXPECT_EQ(error_of(many(16, "(memory 1)")), "none") << "imported ones do not count";
  EXPECT_THAT(error_of(many(17, "(memory 1)")), HasSubstr("more than 16 memories"));
  EXPECT_EQ(error_of(many(16, "(table 1 funcref)")), "none");
  EXPECT_THAT(error_of(many(17, "(table 1 funcref)")), HasSubstr("more than 16 tables"));
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

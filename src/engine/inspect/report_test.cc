#include "engine/inspect/report.h"

#include <cstddef>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "engine/inspect/inspect.h"

namespace wasm_server {
namespace {

using namespace std::string_literals;

// (module (import "env" "log" (func (param i64))) (func (export "add") (param $a i32) (param i32)
// (result i32) local.get 0))
const std::string kModule =
    "\0asm\1\0\0\0\1\x0B\2\x60\1\x7E\0\x60\2\x7F\x7F\1\x7F\2\x0B\1\3env\3log\0\0\3\2\1\1\7\7\1\3"
    "add\0\1\x0A\6\1\4\0\x20\0\x0B\0\x0D\4name\2\6\1\1\1\0\1a"s;

std::string report_of(std::string_view wasm) { return std::string(make_report(wasm, {}).bytes()); }

ErrorCode code_of(std::string_view report) {
  const auto module = decode_report(report);
  EXPECT_FALSE(module);
  return module ? ErrorCode::kBadRequest : module.error().code;
}

TEST(Report, TellsAnotherProcessWhatWasFound) {
  const auto module = decode_report(report_of(kModule));
  ASSERT_TRUE(module) << module.error().message;
  EXPECT_EQ(*module, *inspect(kModule));
  ASSERT_EQ(module->info.functions.size(), 1U);
  EXPECT_EQ(
      module->info.functions[0],
      (FunctionInfo{"add", {{"a", ValueType::kI32}, {"p1", ValueType::kI32}}, {ValueType::kI32}}));
  ASSERT_EQ(module->info.imports.size(), 1U);
  EXPECT_EQ(module->cost.functions, 1U);
}

TEST(Report, TellsWhyAModuleIsNotTaken) {
  const auto module = decode_report(report_of("hello"));
  ASSERT_FALSE(module);
  EXPECT_EQ(module.error().code, ErrorCode::kInvalidModule);
  EXPECT_EQ(module.error().message, "not a WebAssembly module: wrong magic number");
}

TEST(Report, IsReadAsAWholeOrNotAtAll) {
  for (const std::string& report : {report_of(kModule), report_of("hello")}) {
    for (std::size_t length = 0; length < report.size(); ++length) {
      const std::string cut = report.substr(0, length);  // on the heap, for the sanitizer
      EXPECT_EQ(code_of(cut), ErrorCode::kInternal) << length;
    }
    EXPECT_EQ(code_of(report + '\0'), ErrorCode::kInternal);
  }
}

TEST(Report, HasKindsTypesAndTextsOfItsFormatOnly) {
  const std::string report = report_of(kModule);
  const auto with = [&report](std::string_view before, std::string_view after) {
    std::string changed = report;
    const std::size_t place = changed.find(before);
    EXPECT_NE(place, changed.npos);
    return changed.replace(place, before.size(), after);
  };
  EXPECT_TRUE(decode_report(with("add", "sub")));
  EXPECT_EQ(code_of('\5' + report.substr(1)), ErrorCode::kInternal);
  EXPECT_EQ(code_of(with("add", "\xFF\xFF\xFF")), ErrorCode::kInternal);
  EXPECT_EQ(code_of(with("\1a", "\1\xFF")), ErrorCode::kInternal);
  EXPECT_EQ(code_of(with("env", "\xFF\xFF\xFF")), ErrorCode::kInternal);
  EXPECT_TRUE(decode_report(with("\0\1a"s, "\7\1a"s)));
  EXPECT_EQ(code_of(with("\0\1a"s, "\x20\1a"s)), ErrorCode::kInternal);
  EXPECT_TRUE(decode_report(with("\0\1a"s, "\x13\x08list<u8>\1a"s)));
  EXPECT_EQ(code_of(with("\0\1a"s, "\x13\x08list<u9>\1a"s)), ErrorCode::kInternal);
  EXPECT_EQ(code_of(with("\0\1a"s, "\x14\x08list<u8>\1a"s)), ErrorCode::kInternal);
  // More functions than there are bytes.
  EXPECT_EQ(code_of(with("\1\3add"s, "\x7F\3add"s)), ErrorCode::kInternal);
}

}  // namespace
}  // namespace wasm_server

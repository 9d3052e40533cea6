#include "services/code_checker.h"

#include <gtest/gtest.h>

#include "testing/engine_fixture.h"

namespace wasm_server {
namespace {

using testing_engine::wasm_of;

CodeInspector& inspector() {
  static CodeInspector made(InspectorSettings{});
  return made;
}

TEST(CodeChecker, SaysWhatIsInTheCode) {
  CodeChecker checker(inspector(), {});
  const Bytes wasm = wasm_of(testing_engine::kSum);
  const auto code = checker.check(wasm);
  ASSERT_TRUE(code) << code.error().message;
  EXPECT_EQ(*code->bytes, wasm);
  EXPECT_EQ(code->digest, sha256(wasm));
  ASSERT_NE(code->info->find_function("f"), nullptr);
  EXPECT_EQ(code->info->find_function("f")->param[1].name, "b");
}

TEST(CodeChecker, RefusesWhatIsNotValid) {
  CodeChecker checker(inspector(), {});
  Bytes wasm = wasm_of(testing_engine::kSum);
  for (const Bytes& bad :
       {Bytes{}, Bytes("not wasm"), wasm.substr(0, wasm.size() - 1), wasm + '\1'}) {
    const auto code = checker.check(bad);
    ASSERT_FALSE(code);
    EXPECT_EQ(code.error().code, ErrorCode::kInvalidModule);
    EXPECT_FALSE(code.error().message.empty());
  }
  // Well-formed, but i32.add finds nothing to add.
  EXPECT_FALSE(checker.check(Bytes("\0asm\1\0\0\0\1\4\1\x60\0\0\3\2\1\0\xa\5\1\3\0\x6a\xb", 26)));
}

// A custom section of so many bytes, ignored by everybody.
Bytes with_ballast(const Bytes& wasm, std::size_t bytes) {
  Bytes section(bytes + 6, '\0');
  section[1] = static_cast<char>((bytes & 0x7f) | 0x80);
  section[2] = static_cast<char>((bytes >> 7 & 0x7f) | 0x80);
  section[3] = static_cast<char>((bytes >> 14 & 0x7f) | 0x80);
  section[4] = static_cast<char>(bytes >> 21 & 0x7f);
  section.pop_back();
  return wasm + section;
}

TEST(CodeChecker, GivesTheSameAnswersAboutLargeCode) {
  CodeChecker checker(inspector(), {});
  const Bytes wasm = with_ballast(wasm_of(testing_engine::kSum), 3U << 20);
  const auto code = checker.check(wasm);
  ASSERT_TRUE(code) << code.error().message;
  EXPECT_EQ(code->digest, sha256(wasm));
  EXPECT_NE(code->info->find_function("f"), nullptr);
  const auto bad = checker.check(wasm + '\1');
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, ErrorCode::kInvalidModule);
}

TEST(CodeChecker, RemembersWhatWasValidAndNothingElse) {
  CodeChecker checker(inspector(), {});
  const Bytes wasm = wasm_of(testing_engine::kSum);
  const auto first = checker.check(wasm);
  const auto second = checker.check(wasm);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->info, second->info);
  EXPECT_FALSE(checker.check(wasm + '\1'));
  EXPECT_FALSE(checker.check(wasm + '\1'));
}

TEST(CodeChecker, RefusesToKeepMoreThanItsBoundOfAModule) {
  CodeChecker checker(inspector(), {.info_bytes = 10'000});
  const auto exporting = [](std::size_t name_bytes) {
    return wasm_of("(module (func (export \"" + std::string(name_bytes, 'x') + "\")))");
  };
  EXPECT_TRUE(checker.check(exporting(9'000)));
  const auto refused = checker.check(exporting(10'001));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidModule);
  EXPECT_NE(refused.error().message.find("10000"), std::string::npos) << refused.error().message;
}

// Pyodide, the most that we know of, exports 8,560 functions with names of 40 bytes.
TEST(CodeChecker, KeepsWhatLargeModulesExportAndNoMore) {
  CodeChecker checker(inspector(), {});
  const auto exporting = [](std::size_t count, std::size_t name_bytes) {
    std::string wat = "(module (func $f (param i32 i32 i32) (result i32) local.get 0)";
    for (std::size_t i = 0; i < count; ++i) {
      const std::string number = std::to_string(i);
      wat += "(export \"" + number + std::string(name_bytes - number.size(), 'x') + "\" (func $f))";
    }
    return wasm_of(wat + ")");
  };
  EXPECT_TRUE(checker.check(exporting(10'000, 40)));
  EXPECT_FALSE(checker.check(exporting(100, 50'000)));
}

TEST(CodeChecker, GivesTheSameAnswersWithoutRoomToRemember) {
  CodeChecker none(inspector(), {.cache_bytes = 0});
  CodeChecker one(inspector(), {.cache_bytes = 1000});
  for (int round = 0; round < 3; ++round) {
    for (const char* wat :
         {"(module)", "(module (func (export \"a\")))", "(module (func (export \"b\")))"}) {
      const Bytes wasm = wasm_of(wat);
      const auto expected = none.check(wasm);
      const auto found = one.check(wasm);
      ASSERT_TRUE(expected && found);
      EXPECT_EQ(expected->info, found->info) << wat;
    }
  }
}

}  // namespace
}  // namespace wasm_server

#include "services/foreign_bytes.h"

#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wasm_server {
namespace {

using namespace std::string_view_literals;
using testing::HasSubstr;

TEST(ForeignBytes, AreNamedWithWhatToDo) {
  const std::pair<std::string_view, const char*> cases[] = {
      {"\x1f\x8b\x08\0\0"sv, "Content-Encoding: gzip"},
      {"\x28\xb5\x2f\xfd\x04"sv, "Content-Encoding: zstd"},
      {"PK\3\4xxxx"sv, "zip archive"},
      {"\x7f"
       "ELF\2\1\1"sv,
       "wasm32-wasip1"},
      {"MZ\x90\0"sv, "Windows"},
      {"\xcf\xfa\xed\xfe\7"sv, "Mach-O"},
      {"(module)"sv, "text/wat"},
      {"\xef\xbb\xbf \n (module)"sv, "text/wat"},
      {";; comment\n(module)"sv, "text/wat"},
      {"AGFzbQEAAAA="sv, "base64"},
      {"<!doctype html>"sv, "HTML"},
      {" {\"wasm\": 1}"sv, "application/json"},
      {"version https://git-lfs.github.com/spec/v1\n"sv, "Git LFS"},
      {"0061736d01000000"sv, "hexadecimal"},
      {"hello"sv, "text"},
      {""sv, "empty"},
      {"(component)"sv, "text/wat"},
      {"\0asm\x0c\0\1\0"sv, "another version"},
      {"\0asm\2\0\0\0"sv, "another version"},
      {"\0asm\1"sv, "cut off"},
  };
  for (const auto& [bytes, meaning] : cases) {
    EXPECT_THAT(describe_foreign_bytes(bytes), HasSubstr(meaning)) << bytes;
  }
}

TEST(ForeignBytes, AreNothingKnown) {
  EXPECT_EQ(describe_foreign_bytes("\0asm\1\0\0\0"sv), "");
  EXPECT_EQ(describe_foreign_bytes("\0asm\1\0\0\0rest"sv), "");
  EXPECT_EQ(describe_foreign_bytes("\0asm\x0d\0\1\0"sv), "");
  EXPECT_EQ(describe_foreign_bytes("\x80\x81\x82"sv), "");
  EXPECT_EQ(describe_foreign_bytes("a\0b"sv), "");
  EXPECT_TRUE(begins_as_module("\0asm"sv));
  EXPECT_FALSE(begins_as_module("\0as"sv));
  EXPECT_FALSE(begins_as_module("asm"sv));
}

}  // namespace
}  // namespace wasm_server

#include "base/base62.h"

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

using namespace std::string_view_literals;

TEST(Base62, WritesANumberOfFixedLength) {
  EXPECT_EQ(encode_base62(""), "");
  EXPECT_EQ(encode_base62("\0"sv), "00");
  EXPECT_EQ(encode_base62("\x3d"), "0z");
  EXPECT_EQ(encode_base62("\x3e"), "10");
  EXPECT_EQ(encode_base62("\xff\xff\xff\xff"), "4gfFC3");
  EXPECT_EQ(encode_base62(std::string(32, '\0')), std::string(43, '0'));
  EXPECT_EQ(encode_base62(std::string(32, '\xff')).size(), 43U);
}

}  // namespace
}  // namespace wasm_server

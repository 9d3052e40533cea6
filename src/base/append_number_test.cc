#include "base/append_number.h"

#include <cstdint>
#include <limits>
#include <string>

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

TEST(AppendNumber, WritesNumbersOfAnySize) {
  std::string out = "[";
  append_number(out, 0);
  out += ',';
  append_number(out, std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(out, "[0,18446744073709551615");
}

TEST(AppendNumber, WritesThemInAnotherBase) {
  std::string out;
  append_number(out, 0x1f00, 16);
  EXPECT_EQ(out, "1f00");
}

}  // namespace
}  // namespace wasm_server

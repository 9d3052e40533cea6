#include "cli/progress.h"

#include <gtest/gtest.h>

namespace wasm_server::cli {
namespace {

TEST(Progress, WritesSizesWithThreeDigits) {
  EXPECT_EQ(size_text(0), "0 B");
  EXPECT_EQ(size_text(999), "999 B");
  EXPECT_EQ(size_text(1000), "1.00 kB");
  EXPECT_EQ(size_text(12'345), "12.3 kB");
  EXPECT_EQ(size_text(999'499), "999 kB");
  EXPECT_EQ(size_text(999'500), "1.00 MB");
  EXPECT_EQ(size_text(9'996'000), "10.0 MB");
  EXPECT_EQ(size_text(1'234'567'890), "1.23 GB");
}

}  // namespace
}  // namespace wasm_server::cli

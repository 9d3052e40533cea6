#include "store/extent_record.h"

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

TEST(ExtentRecord, ReturnsAsItWasAndIsRefusedWhenItIsNotOfItsForm) {
  const Extent extent{0x123456789000, 77'777};
  const std::string key = extent_key(extent);
  std::string record = encode_extent(extent);
  EXPECT_EQ(decode_extent(key, record).value(), extent);
  EXPECT_FALSE(decode_extent(key, record + 'x').has_value());
  EXPECT_FALSE(decode_extent("short", record).has_value());
  EXPECT_FALSE(decode_extent(key, "").has_value());
  record.front() = 2;
  EXPECT_FALSE(decode_extent(key, record).has_value());
}

TEST(ExtentRecord, SortsByItsOffset) {
  EXPECT_LT(extent_key({255 << 12, 1}), extent_key({256 << 12, 1}));
  EXPECT_LT(extent_key({1ULL << 31, 9}), extent_key({1ULL << 32, 1}));
}

}  // namespace
}  // namespace wasm_server

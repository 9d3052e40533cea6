#include <string>

#include <gtest/gtest.h>

#include "base/result.h"

namespace wasm_server {
namespace {

Result<int> number(bool good) {
  if (good) return 42;
  return fail(ErrorCode::kNotFound, "no number");
}

Result<void> check(bool good) {
  TRY(number(good));
  return {};
}

Result<std::string> text(bool good) {
  TRY(check(good));
  TRY_ASSIGN(const int found, number(good));
  return std::to_string(found);
}

TEST(Try, GoesOnWithTheValue) { EXPECT_EQ(text(true), "42"); }

TEST(Try, ReturnsTheError) {
  const auto failed = text(false);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(failed.error().message, "no number");
}

}  // namespace
}  // namespace wasm_server

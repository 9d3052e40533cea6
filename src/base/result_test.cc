#include "base/result.h"

#include <set>

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

TEST(Result, EveryCodeHasItsOwnNameAndTheContractsStatus) {
  std::set<std::string> names;
  for (int code = 0; code <= static_cast<int>(ErrorCode::kStorageFull); ++code) {
    const ErrorInfo& info = error_info(static_cast<ErrorCode>(code));
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_GE(info.status, 400U);
    EXPECT_LT(info.status, 600U);
  }
  EXPECT_EQ(error_info(ErrorCode::kConflict).status, 409U);
  EXPECT_EQ(error_info(ErrorCode::kPreconditionFailed).status, 412U);
  EXPECT_EQ(error_info(ErrorCode::kInternal).status, 500U);
  EXPECT_STREQ(error_info(ErrorCode::kStorageFull).name, "storage-full");
  EXPECT_EQ(error_info(ErrorCode::kStorageFull).status, 507U);
}

TEST(Result, CarriesTheLogTextApartFromTheClients) {
  const Result<int> result = fail(ErrorCode::kInternal, "for the client", "for the operator");
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().message, "for the client");
  EXPECT_EQ(result.error().log, "for the operator");
}

}  // namespace
}  // namespace wasm_server

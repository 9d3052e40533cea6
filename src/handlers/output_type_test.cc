#include "handlers/output_type.h"

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

std::string chosen(std::string_view accept) {
  const auto type = choose_output_type(accept);
  if (!type) return std::string(error_info(type.error().code).name);
  return type->value_or("JSON");
}

TEST(OutputType, IsWhatIsPreferredToJson) {
  EXPECT_EQ(chosen(""), "JSON");
  EXPECT_EQ(chosen("*/*"), "JSON");
  EXPECT_EQ(chosen("*"), "JSON");
  EXPECT_EQ(chosen("application/*"), "JSON");
  EXPECT_EQ(chosen("text/plain"), "text/plain");
  EXPECT_EQ(chosen("Text/Plain"), "text/plain");
  EXPECT_EQ(chosen("text/*, */*;q=0.5"), "text/plain");
  EXPECT_EQ(chosen("text/html, application/json"), "JSON");
  EXPECT_EQ(chosen("text/html;q=0.8, application/json;q=0.5"), "text/html");
  EXPECT_EQ(chosen("text/html;q=0.8, text/csv;q=0.9"), "text/csv");
  EXPECT_EQ(chosen("application/octet-stream, */*;q=0.1"), "application/octet-stream");
  EXPECT_EQ(chosen(",, ,text/plain,"), "text/plain");
}

TEST(OutputType, LooksAtNoOtherParameterThanTheWeight) {
  EXPECT_EQ(chosen("text/plain; charset=utf-8"), "text/plain");
  EXPECT_EQ(chosen("text/plain; charset=utf-8; q=0.4, application/json; q=0.5"), "JSON");
  EXPECT_EQ(chosen("text/plain;charset=utf-8;Q=0.6, application/json;q=0.5"), "text/plain");
  EXPECT_TRUE(check_result_type("application/json; charset=utf-8"));
}

TEST(OutputType, IsNotAcceptableWhenNothingIsAdmitted) {
  EXPECT_EQ(chosen("application/json;q=0"), "not-acceptable");
  EXPECT_EQ(chosen("*/*;q=0"), "not-acceptable");
  EXPECT_EQ(chosen("text/plain;q=0, */*;q=0"), "not-acceptable");
  EXPECT_EQ(chosen("a"), "not-acceptable") << "no media type";
  EXPECT_EQ(chosen("application/json;q=0, */*"), "application/octet-stream");
  EXPECT_EQ(chosen("application/json;q=0, application/*"), "application/octet-stream");
  EXPECT_FALSE(check_result_type("text/plain"));
  EXPECT_FALSE(check_result_type("application/json;q=0"));
  EXPECT_TRUE(check_result_type("text/plain, */*;q=0.1"));
}

// A header of nothing but ranges held the event loop for half a second.
TEST(OutputType, LooksAtTheFirstRangesOnly) {
  std::string many;
  for (std::size_t i = 0; i < kMostRanges; ++i) many += "a/" + std::to_string(i) + ";q=0.1,";
  EXPECT_EQ(chosen(many + "text/plain"), "a/0");
  EXPECT_EQ(chosen("text/plain," + many), "text/plain");
}

}  // namespace
}  // namespace wasm_server

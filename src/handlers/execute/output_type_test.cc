#include "handlers/execute/output_type.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "http/media.h"

namespace wasm_server {
namespace {

std::string chosen(std::string_view accept, const std::vector<std::string>& output_types = {}) {
  const auto type = choose_output_type(accept, output_types);
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
  EXPECT_EQ(chosen("image/png;q=0.8, application/json;q=0.5"), "image/png");
  EXPECT_EQ(chosen("image/png;q=0.8, text/csv;q=0.9"), "text/csv");
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

// As a navigation of Chromium asks.
constexpr std::string_view kNavigation =
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/"
    "*;q=0.8";

TEST(OutputType, IsNoneThatABrowserRunsUnlessTheModuleSaysSo) {
  for (const char* type :
       {"text/html", "application/xhtml+xml", "image/svg+xml", "text/xml", "application/xml",
        "application/rss+xml", "text/javascript", "application/javascript",
        "application/ecmascript", "text/vbscript", "text/css", "application/pdf",
        "multipart/x-mixed-replace", "message/rfc822", "application/x-shockwave-flash",
        "text/cache-manifest"}) {
    EXPECT_TRUE(runs_in_browser(type)) << type;
    EXPECT_EQ(chosen(type), "not-acceptable") << type;
    EXPECT_EQ(chosen(type, {type}), type);
    EXPECT_EQ(chosen(std::string(type) + ", text/plain;q=0.1"), "text/plain") << type;
    EXPECT_EQ(chosen(std::string(type) + ", text/csv;q=0.1"), "text/csv") << type;
    EXPECT_EQ(chosen(std::string(type) + ", application/json;q=0.1"), "JSON") << type;
  }
  EXPECT_EQ(chosen("TEXT/HTML"), "not-acceptable");
  EXPECT_EQ(chosen("text/html", {"image/svg+xml"}), "not-acceptable");
  EXPECT_EQ(chosen("text/html;q=0.9, image/svg+xml;q=0.8", {"image/svg+xml"}), "image/svg+xml");
  EXPECT_EQ(chosen("text/html, text/*;q=0.9, application/json;q=0.95"), "JSON");
  EXPECT_EQ(chosen(kNavigation), "text/plain");
  EXPECT_EQ(chosen(kNavigation, {"text/html"}), "text/html");
  for (const char* type : {"text/plain", "application/json", "application/octet-stream",
                           "image/png", "text/csv", "video/mp4", "application/x-ndjson",
                           "application/cbor", "application/wasm", "font/woff2"}) {
    EXPECT_FALSE(runs_in_browser(type)) << type;
  }
}

TEST(OutputType, LooksAtTheFirstRangesOnly) {
  std::string many;
  for (std::size_t i = 0; i < Accept::kMaxRanges; ++i) many += "a/" + std::to_string(i) + ";q=0.1,";
  EXPECT_EQ(chosen(many + "text/plain"), "a/0");
  EXPECT_EQ(chosen("text/plain," + many), "text/plain");
}

}  // namespace
}  // namespace wasm_server

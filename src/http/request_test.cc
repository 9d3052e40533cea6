#include "http/request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wasm_server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Request with_headers() {
  Request request;
  request.headers = {{"Host", "a"}, {"X-One", "1"}, {"ACCEPT", "text/html"}, {"accept", "*/*"}};
  return request;
}

TEST(Request, FindsAHeaderWhateverItsCase) {
  const Request request = with_headers();
  EXPECT_EQ(request.header("x-one"), "1");
  EXPECT_EQ(request.header("accept"), "text/html");
  EXPECT_EQ(request.header("x-on"), "");
}

TEST(Request, JoinsARepeatedHeader) {
  EXPECT_EQ(with_headers().header_list("accept"), "text/html, */*");
  EXPECT_EQ(with_headers().header_list("missing"), "");
}

TEST(Request, DecodesQueryParameters) {
  Request request;
  request.query = "a=1&b=x+y%26z&a=2&&flag&n%61me=v&bad=%zz&empty=";
  EXPECT_EQ(request.query_value("a"), "1");
  EXPECT_THAT(request.query_values("a"), ElementsAre("1", "2"));
  EXPECT_EQ(request.query_value("b"), "x y&z");
  EXPECT_EQ(request.query_value("flag"), "");
  EXPECT_EQ(request.query_value("name"), "v");
  EXPECT_EQ(request.query_value("bad"), "%zz");
  EXPECT_EQ(request.query_value("empty"), "");
  EXPECT_EQ(request.query_value("none"), std::nullopt);
  EXPECT_THAT(request.query_values("none"), IsEmpty());
}

TEST(PercentDecode, DecodesBothCasesAndAllBytes) {
  EXPECT_EQ(percent_decode("%41%2f%2F", false), "A//");
  EXPECT_EQ(percent_decode("%00", false), std::string(1, '\0'));
  EXPECT_EQ(percent_decode("a+b", false), "a+b");
  EXPECT_EQ(percent_decode("a+b", true), "a b");
}

TEST(PercentDecode, RefusesWhatIsNotTwoHexadecimalDigits) {
  for (const char* bad : {"%", "%4", "%g0", "%0g", "a%", "%%41", "% 1"}) {
    EXPECT_EQ(percent_decode(bad, false), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace wasm_server

#include "handlers/http/answer_head.h"

#include <string>

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

std::string text(const HeaderFields& fields) {
  std::string all;
  for (const auto& [name, value] : fields) all.append(name).append("=").append(value).append(";");
  return all;
}

std::string why_not(unsigned status, const HttpFields& fields) {
  const auto head = make_answer_head(status, fields);
  if (head) return "";
  EXPECT_EQ(head.error().code, ErrorCode::kBadGuestAnswer);
  return head.error().message;
}

TEST(AnswerHead, KeepsWhatIsTheGuests) {
  const auto head = make_answer_head(
      299, {{"Content-Type", "a/b"}, {"x", ""}, {"X", "\xC3\xA9\t!"}, {"content-length", " 7 "}});
  ASSERT_TRUE(head);
  EXPECT_EQ(head->status, 299U);
  EXPECT_EQ(text(head->fields), "Content-Type=a/b;x=;X=\xC3\xA9\t!;");
  EXPECT_EQ(head->content_length, 7U);
  EXPECT_FALSE(head->announces_trailers);
}

TEST(AnswerHead, LeavesOutWhatIsTheConnections) {
  const auto head = make_answer_head(200, {{"x-hop", "1"},
                                           {"CONNECTION", " X-Hop ,, Other"},
                                           {"other", "1"},
                                           {"TE", "x"},
                                           {"Proxy-Authenticate", "x"},
                                           {"date", "x"},
                                           {"Trailer", "X-Sum"}});
  ASSERT_TRUE(head);
  EXPECT_EQ(text(head->fields), "Trailer=X-Sum;");
  EXPECT_TRUE(head->announces_trailers);
}

TEST(AnswerHead, SaysWhatIsNotHttp) {
  EXPECT_EQ(why_not(200, {}), "");
  EXPECT_EQ(why_not(599, {}), "");
  for (const unsigned status : {0U, 100U, 101U, 199U, 600U, 65'535U})
    EXPECT_NE(why_not(status, {}).find("its status is"), std::string::npos) << status;
  for (const char* name : {"", "a b", "a:", "\xC3\xA9", "a\r\nb", "\x7f"})
    EXPECT_NE(why_not(200, {{name, "x"}}), "") << name;
  for (const std::string& value :
       {std::string("\r\nb: c"), std::string("a\n"), std::string("\0", 1), std::string("\x7f"),
        std::string("\x1b[0m")})
    EXPECT_NE(why_not(200, {{"a", value}}), "") << value;
}

TEST(AnswerHead, HasOneLength) {
  EXPECT_EQ(why_not(200, {{"Content-Length", "5"}, {"content-length", "5"}}), "");
  EXPECT_NE(why_not(200, {{"Content-Length", "5"}, {"content-length", "6"}}), "");
  for (const char* length : {"", "-1", "+5", "5, 5", "0x5", "18446744073709551616"})
    EXPECT_NE(why_not(200, {{"Content-Length", length}}), "") << length;
}

TEST(AnswerHead, SendsOnlySomeFieldsBehindABody) {
  const HeaderFields trailers = make_trailers({{"X-Sum", "1"},
                                               {"Content-Length", "1"},
                                               {"transfer-encoding", "x"},
                                               {"Set-Cookie", "a"},
                                               {"a b", "x"},
                                               {"y", "a\r\nb"},
                                               {"Server-Timing", "a"}});
  EXPECT_EQ(text(trailers), "X-Sum=1;Server-Timing=a;");
}

}  // namespace
}  // namespace wasm_server

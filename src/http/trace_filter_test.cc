#include "http/trace_filter.h"

#include <string>

#include <gtest/gtest.h>

namespace wasm_server {
namespace {

class TraceFilterTest : public testing::Test {
 protected:
  // What the answer has; empty: nothing.
  std::string answer_to(std::string_view traceparent) {
    Request request;
    request.headers.push_back({"traceparent", traceparent});
    Reply reply;
    TraceFilter filter;
    EXPECT_FALSE(filter.answers(request, nullptr, reply));
    filter.on_reply(request, nullptr, reply);
    EXPECT_EQ(request.trace_id.empty(), reply.headers.empty());
    if (reply.headers.empty()) return {};
    EXPECT_EQ((*reply.headers.begin()).name, "traceparent");
    return std::string((*reply.headers.begin()).value);
  }
};

TEST_F(TraceFilterTest, GoesOnWithTheClientsTrace) {
  const std::string given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const std::string answer = answer_to(given);
  EXPECT_EQ(answer.find("00-4bf92f3577b34da6a3ce929d0e0e4736-"), 0U) << answer;
  EXPECT_EQ(answer.find("00f067aa0ba902b7"), std::string::npos) << "with a span of its own";
  EXPECT_TRUE(answer.ends_with("-01"));
  EXPECT_NE(answer_to("cc" + given.substr(2) + "-what-later-versions-have"), "");
}

TEST_F(TraceFilterTest, PassesOverWhatIsNone) {
  for (const char* none : {
           "",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
           "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
           "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
           "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
           "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e473x-00f067aa0ba902b7-01",
       })
    EXPECT_EQ(answer_to(none), "") << none;
}

}  // namespace
}  // namespace wasm_server

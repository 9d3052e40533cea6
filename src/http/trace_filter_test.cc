#include "http/trace_filter.h"

#include <string>
#include <vector>

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
    TraceFilter filter(nullptr);
    EXPECT_FALSE(filter.answers(request, nullptr, reply));
    filter.on_reply(request, nullptr, reply);
    EXPECT_EQ(request.trace.id.empty(), reply.headers.empty());
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

class Sink final : public SpanSink {
 public:
  bool takes_new_trace() override { return takes_new; }
  void on_reply(const Request& request, const Route*, const Reply&) override {
    told.push_back(request.trace.id);
  }

  bool takes_new = false;
  std::vector<std::string> told;
};

TEST_F(TraceFilterTest, TellsOfTracesThatAreRecorded) {
  Sink sink;
  TraceFilter filter(&sink);
  const auto pass = [&](std::string_view traceparent) {
    Request request;
    if (!traceparent.empty()) request.headers.push_back({"traceparent", traceparent});
    Reply reply;
    filter.answers(request, nullptr, reply);
    filter.on_reply(request, nullptr, reply);
    return request.trace;
  };
  EXPECT_EQ(pass("").id, "");
  EXPECT_EQ(pass("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00").is_sampled, false);
  EXPECT_TRUE(sink.told.empty());
  const auto recorded = pass("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03");
  EXPECT_EQ(recorded.parent_id, "00f067aa0ba902b7");
  EXPECT_EQ(recorded.span_id.size(), 16U);
  sink.takes_new = true;
  const auto begun = pass("nonsense");
  EXPECT_EQ(begun.id.size(), 32U);
  EXPECT_EQ(begun.parent_id, "");
  EXPECT_EQ(sink.told, (std::vector{recorded.id, begun.id}));
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

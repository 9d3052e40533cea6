#include "traces/otlp_json.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace wasm_server {
namespace {

TEST(OtlpJson, WritesIdsInHexadecimalAndLongNumbersAsStrings) {
  Span span;
  span.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
  span.span_id = "00f067aa0ba902b7";
  span.kind = Span::Kind::kServer;
  span.name = "GET \"x\"";
  span.begin_ns = 1'795'392'000'000'000'001;
  span.end_ns = span.begin_ns + 5;
  span.failed = true;
  span.attributes = {{"a", std::string("b\n")}, {"n", std::int64_t{-3}}};
  EXPECT_EQ(
      otlp_json({&span, 1}, "1.2"),
      R"({"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":)"
      R"({"stringValue":"wasm-server"}},{"key":"service.version","value":{"stringValue":"1.2"}}]},)"
      R"("scopeSpans":[{"scope":{"name":"wasm-server"},"spans":[)"
      R"({"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7",)"
      R"("name":"GET \"x\"","kind":2,"startTimeUnixNano":"1795392000000000001",)"
      R"("endTimeUnixNano":"1795392000000000006","attributes":[)"
      R"({"key":"a","value":{"stringValue":"b\n"}},{"key":"n","value":{"intValue":"-3"}}],)"
      R"("status":{"code":2}}]}]}]})");
}

TEST(OtlpJson, NamesTheParentOfASpanThatHasOne) {
  Span spans[2];
  spans[0].parent_id = "00f067aa0ba902b7";
  const std::string json = otlp_json(spans, "1");
  EXPECT_TRUE(parse_json(std::string_view(json)).has_value());
  const std::size_t first = json.find("parentSpanId");
  EXPECT_NE(first, json.npos);
  EXPECT_EQ(json.find("parentSpanId", first + 1), json.npos);
}

}  // namespace
}  // namespace wasm_server

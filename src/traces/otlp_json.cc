#include "traces/otlp_json.h"

#include <utility>

#include "base/json_text.h"

namespace wasm_server {
namespace {

constexpr int kStatusError = 2;  // STATUS_CODE_ERROR

void append_attribute(std::string& out, const Span::Attribute& attribute) {
  out += "{\"key\":";
  append_json_string(out, attribute.name);
  out += ",\"value\":{";
  if (const auto* text = std::get_if<std::string>(&attribute.value)) {
    out += "\"stringValue\":";
    append_json_string(out, *text);
  } else {
    out += "\"intValue\":\"" + std::to_string(std::get<std::int64_t>(attribute.value)) + "\"";
  }
  out += "}}";
}

void append_attributes(std::string& out, std::span<const Span::Attribute> attributes) {
  out += "\"attributes\":[";
  std::string_view separator;
  for (const Span::Attribute& attribute : attributes) {
    out += std::exchange(separator, ",");
    append_attribute(out, attribute);
  }
  out += ']';
}

void append_span(std::string& out, const Span& span) {
  out += "{\"traceId\":\"" + span.trace_id + "\",\"spanId\":\"" + span.span_id + "\"";
  if (!span.parent_id.empty()) out += ",\"parentSpanId\":\"" + span.parent_id + "\"";
  out += ",\"name\":";
  append_json_string(out, span.name);
  out += ",\"kind\":" + std::to_string(std::to_underlying(span.kind));
  out += ",\"startTimeUnixNano\":\"" + std::to_string(span.begin_ns) + "\"";
  out += ",\"endTimeUnixNano\":\"" + std::to_string(span.end_ns) + "\",";
  append_attributes(out, span.attributes);
  if (span.failed) out += ",\"status\":{\"code\":" + std::to_string(kStatusError) + "}";
  out += '}';
}

}  // namespace

std::string otlp_json(std::span<const Span> spans, std::string_view version) {
  const Span::Attribute resource[] = {{"service.name", std::string("wasm-server")},
                                      {"service.version", std::string(version)}};
  std::string out = "{\"resourceSpans\":[{\"resource\":{";
  append_attributes(out, resource);
  out += "},\"scopeSpans\":[{\"scope\":{\"name\":\"wasm-server\"},\"spans\":[";
  std::string_view separator;
  for (const Span& span : spans) {
    out += std::exchange(separator, ",");
    append_span(out, span);
  }
  out += "]}]}]}";
  return out;
}

}  // namespace wasm_server

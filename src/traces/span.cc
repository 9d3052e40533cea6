#include "traces/span.h"

namespace wasm_server {

void end_now(Span& span, std::chrono::nanoseconds took) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  span.end_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
  span.begin_ns = span.end_ns - took.count();
}

std::size_t weight_of(const Span& span) {
  std::size_t bytes = sizeof span + span.trace_id.size() + span.span_id.size() +
                      span.parent_id.size() + span.name.size();
  for (const Span::Attribute& attribute : span.attributes) {
    bytes += sizeof attribute;
    if (const auto* text = std::get_if<std::string>(&attribute.value)) bytes += text->size();
  }
  return bytes;
}

}  // namespace wasm_server

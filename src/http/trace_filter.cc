#include "http/trace_filter.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "base/text.h"
#include "base/trace_id.h"

namespace wasm_server {
namespace {

// version "-" trace-id "-" parent-id "-" trace-flags, of 2, 32, 16 and 2 digits.
constexpr std::size_t kTraceAt = 3, kTraceSize = 32, kParentAt = 36, kParentSize = 16;
constexpr std::size_t kFlagsAt = 53, kSize = 55;

bool is_lower_hex(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_zero(std::string_view text) { return text.find_first_not_of('0') == text.npos; }

// Later versions may have more behind; ff is none.
bool is_traceparent(std::string_view text) {
  if (text.size() < kSize) return false;
  const std::string_view version = text.substr(0, 2);
  const std::string_view trace = text.substr(kTraceAt, kTraceSize);
  const std::string_view parent = text.substr(kParentAt, kParentSize);
  const bool has_dashes =
      text[kTraceAt - 1] == '-' && text[kParentAt - 1] == '-' && text[kFlagsAt - 1] == '-';
  const bool ends_well = text.size() == kSize || (version != "00" && text[kSize] == '-');
  return has_dashes && ends_well && version != "ff" && is_lower_hex(version) &&
         is_lower_hex(trace) && is_lower_hex(parent) && is_lower_hex(text.substr(kFlagsAt, 2)) &&
         !is_zero(trace) && !is_zero(parent);
}

// The lowest bit of the last digit of the flags.
bool is_sampled(std::string_view parent) {
  return hex_digit(parent[kFlagsAt + 1]).value_or(0) % 2 == 1;
}

}  // namespace

bool TraceFilter::answers(Request& request, const Route*, Reply&) {
  const std::string_view parent = request.header("traceparent");
  Request::Trace& trace = request.trace;
  if (is_traceparent(parent)) {
    trace.id = parent.substr(kTraceAt, kTraceSize);
    trace.parent_id = parent.substr(kParentAt, kParentSize);
    trace.is_sampled = is_sampled(parent);
  } else if (sink_ != nullptr && sink_->takes_new_trace()) {
    trace.id = make_trace_id();
    trace.is_sampled = true;
  } else {
    return false;
  }
  trace.span_id = make_span_id();
  return false;
}

void TraceFilter::on_reply(const Request& request, const Route* route, Reply& reply) {
  const Request::Trace& trace = request.trace;
  if (trace.id.empty()) return;
  std::string own = "00-";
  own.append(trace.id).append("-").append(trace.span_id);
  own += trace.is_sampled ? "-01" : "-00";
  reply.add_header("traceparent", own);
  if (sink_ != nullptr && trace.is_sampled) sink_->on_reply(request, route, reply);
}

}  // namespace wasm_server

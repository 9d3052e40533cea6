#pragma once

#include <string>

namespace wasm_server {

// New ids as W3C Trace Context has them (section 3.2.2), in hexadecimal digits and never zero: of a
// trace, 32 digits, and of one of its spans, 16.
std::string make_trace_id();
std::string make_span_id();

}  // namespace wasm_server

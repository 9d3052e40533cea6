#pragma once

#include <span>
#include <string>
#include <string_view>

#include "traces/span.h"

namespace wasm_server {

// Spans as the body of an export request (OpenTelemetry Protocol 1.x, OTLP/HTTP with JSON: message
// ExportTraceServiceRequest, ids in hexadecimal digits, 64-bit numbers as strings).
std::string otlp_json(std::span<const Span> spans, std::string_view version);

}  // namespace wasm_server

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace wasm_server {

// A piece of work that took time, as a part of a trace. The words are those of OpenTelemetry
// (Trace API) and of its semantic conventions.
struct Span {
  enum class Kind : std::uint8_t { kInternal = 1, kServer = 2 };  // as OTLP numbers them

  struct Attribute {
    std::string_view name;  // lives for ever
    std::variant<std::string, std::int64_t> value;
  };

  std::string trace_id;   // 32 hexadecimal digits
  std::string span_id;    // 16
  std::string parent_id;  // 16, or empty
  Kind kind = Kind::kInternal;
  std::string name;           // one of few
  std::int64_t begin_ns = 0;  // since 1970
  std::int64_t end_ns = 0;
  bool failed = false;
  std::vector<Attribute> attributes;
};

// Ends it now, after it took that long.
void end_now(Span& span, std::chrono::nanoseconds took);

// The memory that it takes, in bytes, approximately.
std::size_t weight_of(const Span& span);

}  // namespace wasm_server

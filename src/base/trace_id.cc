#include "base/trace_id.h"

#include <cstddef>

#include "base/random.h"
#include "base/text.h"

namespace wasm_server {

std::string make_span_id() {
  constexpr std::size_t kDigits = 16;  // of 64 bits
  std::string id;
  append_hex(id, random_u64() | 1, kDigits);
  return id;
}

std::string make_trace_id() { return make_span_id() + make_span_id(); }

}  // namespace wasm_server

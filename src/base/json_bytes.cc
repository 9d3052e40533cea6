#include "base/json_bytes.h"

#include "base/base64.h"
#include "base/json_text.h"
#include "base/utf8.h"

namespace wasm_server {
namespace {

// Growing step by step would take twice as much in between.
constexpr std::size_t kLong = 128U << 10;

}  // namespace

std::uint64_t bytes_member_size(std::string_view bytes) {
  constexpr std::uint64_t kName = 32;
  return kName + (is_utf8(bytes) ? json_string_size(bytes) : (bytes.size() + 2) / 3 * 4);
}

void append_bytes_member(std::string& out, std::string_view name, std::string_view bytes) {
  if (bytes.size() > kLong) out.reserve(out.size() + bytes_member_size(bytes));
  if (is_utf8(bytes)) {
    out.append(",\"").append(name).append("\":");
    append_json_string(out, bytes);
  } else {
    out.append(",\"").append(name).append("_base64\":\"");
    append_base64(out, bytes);
    out += '"';
  }
}

}  // namespace wasm_server

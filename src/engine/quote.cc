#include "engine/quote.h"

#include <cstddef>

#include "base/utf8.h"

namespace wasm_server {

std::string shorten(std::string_view text) {
  constexpr std::size_t kMost = 48;
  const std::string_view prefix = utf8_prefix(text, kMost);
  return std::string(prefix) + (prefix.size() < text.size() ? "..." : "");
}

std::string quote(std::string_view text) { return '"' + shorten(text) + '"'; }

}  // namespace wasm_server

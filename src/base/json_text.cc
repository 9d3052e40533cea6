#include "base/json_text.h"

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/utf8.h"

namespace wasm_server {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

void append_escape(std::string& out, char c) {
  constexpr char kHex[] = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      break;
    case '\\':
      out += "\\\\";
      break;
    case '\n':
      out += "\\n";
      break;
    case '\r':
      out += "\\r";
      break;
    case '\t':
      out += "\\t";
      break;
    default:
      out += "\\u00";
      out += kHex[static_cast<std::uint8_t>(c) >> 4];
      out += kHex[static_cast<std::uint8_t>(c) & 15];
  }
}

std::size_t escape_length(char c) {
  constexpr std::string_view kShort = "\"\\\n\r\t";
  return kShort.find(c) == kShort.npos ? 6 : 2;
}

// Whether a byte stands in a JSON string as it is: most of ASCII.
constexpr auto kPlain = [] {
  std::array<bool, 256> plain{};
  for (std::size_t c = 0x20; c < 0x7F; ++c) plain[c] = c != '"' && c != '\\';
  return plain;
}();

// How much of `text` may be copied as it is.
std::size_t plain_length(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size()) {
    if (kPlain[static_cast<std::uint8_t>(text[length])]) {
      ++length;
      continue;
    }
    const std::size_t sequence = utf8_sequence_length(text.substr(length));
    if (sequence < 2) break;  // to be escaped, or not UTF-8
    length += sequence;
  }
  return length;
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (true) {
    const std::size_t plain = plain_length(text);
    out += text.substr(0, plain);
    if (plain == text.size()) break;
    if (const char c = text[plain]; static_cast<std::uint8_t>(c) < 0x80) {
      append_escape(out, c);
    } else {
      out += kReplacement;
    }
    text.remove_prefix(plain + 1);
  }
  out += '"';
}

std::uint64_t json_string_size(std::string_view text) {
  std::uint64_t size = 2;
  while (true) {
    const std::size_t plain = plain_length(text);
    size += plain;
    if (plain == text.size()) return size;
    const char c = text[plain];
    size += static_cast<std::uint8_t>(c) < 0x80 ? escape_length(c) : kReplacement.size();
    text.remove_prefix(plain + 1);
  }
}

}  // namespace wasm_server

#include "cli/text/printable.h"

#include <algorithm>

#include "base/text.h"
#include "base/utf8.h"

namespace wasm_server::cli {
namespace {

bool is_harmless(char32_t c) {
  if (c < 0x20 || (c >= 0x7F && c <= 0x9F)) return false;
  if (c == 0x200E || c == 0x200F || c == 0x061C) return false;  // direction marks
  if (c >= 0x2028 && c <= 0x202E) return false;                 // line ends, embeddings, overrides
  return c < 0x2066 || c > 0x2069;                              // isolates
}

void append_byte(std::string& out, char byte) {
  if (byte == '\n') {
    out += "\\n";
  } else if (byte == '\t') {
    out += "\\t";
  } else if (byte == '\r') {
    out += "\\r";
  } else {
    out += "\\x";
    append_hex(out, static_cast<unsigned char>(byte), 2);
  }
}

void append_code_point(std::string& out, std::string_view sequence, char32_t code_point) {
  if (is_harmless(code_point)) {
    out += sequence;
  } else if (sequence.size() == 1) {
    append_byte(out, sequence.front());
  } else {
    out += "\\u{";
    append_number(out, code_point, 16);
    out += '}';
  }
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = utf8_sequence_length(text);
    const std::string_view sequence = text.substr(0, std::max<std::size_t>(length, 1));
    if (const auto code_point = only_code_point(sequence)) {
      append_code_point(out, sequence, *code_point);
    } else {
      append_byte(out, sequence.front());
    }
    text.remove_prefix(sequence.size());
  }
  return out;
}

std::size_t columns(std::string_view text) {
  const auto begins = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
  return static_cast<std::size_t>(std::ranges::count_if(text, begins));
}

}  // namespace wasm_server::cli

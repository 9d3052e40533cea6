#include "base/base64.h"

#include <algorithm>
#include <cstddef>

#include <openssl/evp.h>

namespace wasm_server {
namespace {

// OpenSSL counts in int: larger inputs go in pieces that are whole groups.
constexpr std::size_t kEncodePiece = 3U << 26;
constexpr std::size_t kDecodePiece = 4U << 26;

const unsigned char* as_unsigned(const char* data) {
  return reinterpret_cast<const unsigned char*>(data);
}
unsigned char* as_unsigned(char* data) { return reinterpret_cast<unsigned char*>(data); }

// The six bits of a character, or -1.
int sextet(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

// Padding stands at the end only, the bits that it leaves unused are zero, and neither end is one
// of the characters that OpenSSL's decoder would skip there.
bool is_well_formed(std::string_view text, std::size_t padding) {
  if (text.size() % 4 != 0 || padding > 2) return false;
  const std::string_view digits = text.substr(0, text.size() - padding);
  if (digits.find('=') != std::string_view::npos) return false;
  const int last = sextet(digits.back());
  const int unused_bits = padding == 2 ? 15 : padding == 1 ? 3 : 0;
  return sextet(digits.front()) >= 0 && last >= 0 && (last & unused_bits) == 0;
}

bool decode_pieces(std::string_view text, char* out) {
  while (!text.empty()) {
    const std::size_t piece = std::min(text.size(), kDecodePiece);
    // Inside the text too, a piece must not begin or end with what the decoder would skip.
    if (sextet(text.front()) < 0 || (text[piece - 1] != '=' && sextet(text[piece - 1]) < 0))
      return false;
    if (EVP_DecodeBlock(as_unsigned(out), as_unsigned(text.data()), static_cast<int>(piece)) < 0)
      return false;
    out += piece / 4 * 3;
    text.remove_prefix(piece);
  }
  return true;
}

}  // namespace

void append_base64(std::string& out, std::string_view data) {
  const std::size_t before = out.size();
  const std::size_t length = (data.size() + 2) / 3 * 4;
  // One byte more, for the terminator that OpenSSL writes.
  out.resize_and_overwrite(before + length + 1, [&](char* buffer, std::size_t) {
    char* to = buffer + before;
    while (!data.empty()) {
      const std::string_view piece = data.substr(0, kEncodePiece);
      to += EVP_EncodeBlock(as_unsigned(to), as_unsigned(piece.data()),
                            static_cast<int>(piece.size()));
      data.remove_prefix(piece.size());
    }
    return before + length;
  });
}

std::string encode_base64(std::string_view data) {
  std::string text;
  append_base64(text, data);
  return text;
}

std::optional<std::string> decode_base64(std::string_view text) {
  if (text.empty()) return std::string{};
  const std::size_t end = text.find_last_not_of('=');
  if (end == std::string_view::npos) return std::nullopt;
  const std::size_t padding = text.size() - end - 1;
  if (!is_well_formed(text, padding)) return std::nullopt;

  std::string data;
  bool good = false;
  // The callback's second argument is of no use: GCC 12 passes the capacity that it took.
  const std::size_t length = text.size() / 4 * 3;
  data.resize_and_overwrite(length, [&](char* out, std::size_t) {
    good = decode_pieces(text, out);
    return good ? length - padding : 0;
  });
  if (!good) return std::nullopt;
  return data;
}

}  // namespace wasm_server

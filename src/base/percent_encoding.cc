#include "base/percent_encoding.h"

#include "base/text.h"

namespace wasm_server {

void append_percent_encoded(std::string& out, std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";  // RFC 3986, section 2.1, asks for upper case
  constexpr std::string_view kUnreserved = "-._~";
  for (const char c : text) {
    if (ascii_alnum(c) || kUnreserved.find(c) != kUnreserved.npos) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
}

}  // namespace wasm_server

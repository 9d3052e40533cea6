#include "base/append_number.h"

#include <array>
#include <charconv>
#include <limits>

namespace wasm_server {

void append_number(std::string& out, std::uint64_t number, int base) {
  std::array<char, std::numeric_limits<std::uint64_t>::digits> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, base).ptr;
  out.append(digits.data(), end);
}

}  // namespace wasm_server

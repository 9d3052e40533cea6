#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace wasm_server {

// The enumerator whose name is `text`, of an enum that counts up from 0 and whose names stand in
// `names` in that order.
template <class Enum, std::size_t kSize>
std::optional<Enum> enum_from_text(const std::array<const char*, kSize>& names,
                                   std::string_view text) {
  const auto found =
      std::ranges::find(names, text, [](const char* name) { return std::string_view{name}; });
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

}  // namespace wasm_server

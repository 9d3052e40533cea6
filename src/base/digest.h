#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace wasm_server {

// SHA-256 (FIPS 180-4) of a module's bytes: the key of its blob, its compiled code and its
// artefact.
struct Digest {
  std::array<std::uint8_t, 32> bytes{};

  friend bool operator==(const Digest&, const Digest&) = default;
  friend auto operator<=>(const Digest&, const Digest&) = default;
};

Digest sha256(std::string_view data);

// 64 lower-case hexadecimal digits.
std::string to_hex(const Digest& digest);
// Empty when `hex` is not 64 hexadecimal digits.
std::optional<Digest> digest_from_hex(std::string_view hex);

}  // namespace wasm_server

template <>
struct std::hash<wasm_server::Digest> {
  std::size_t operator()(const wasm_server::Digest& digest) const noexcept {
    std::size_t value = 0;  // a digest's bytes are already well mixed
    for (std::size_t i = 0; i < sizeof value; ++i) value = (value << 8) | digest.bytes[i];
    return value;
  }
};

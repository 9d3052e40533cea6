#include "auth/token_text.h"

#include <array>
#include <cstddef>
#include <cstdint>

#include <boost/crc.hpp>

#include "base/base62.h"
#include "base/random.h"

namespace wasm_server {
namespace {

constexpr std::size_t kIdBytes = 9;
constexpr std::size_t kSecretBytes = 32;
constexpr std::size_t kSecretDigits = 43;
constexpr std::size_t kChecksumDigits = 6;

template <std::size_t kSize>
std::string random_base62() {
  std::array<char, kSize> bytes;
  fill_random(bytes.data(), bytes.size());
  return encode_base62({bytes.data(), bytes.size()});
}

std::string checksum(std::string_view text) {
  boost::crc_32_type crc;
  crc.process_bytes(text.data(), text.size());
  const std::uint32_t sum = crc.checksum();
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(sum >> shift & 0xff);
  return encode_base62(bytes);
}

}  // namespace

std::string make_token_id() { return random_base62<kIdBytes>(); }

std::string make_token_text(std::string_view id) {
  std::string text(kTokenTextStart);
  text.append(id).append("_").append(random_base62<kSecretBytes>());
  return text + checksum(text);
}

std::optional<std::string_view> token_id_of(std::string_view text) {
  constexpr std::size_t kTail = 1 + kSecretDigits + kChecksumDigits;
  if (!text.starts_with(kTokenTextStart) || text.size() <= kTokenTextStart.size() + kTail)
    return std::nullopt;
  const std::size_t id_end = text.size() - kTail;
  const std::string_view sum = text.substr(text.size() - kChecksumDigits);
  if (text[id_end] != '_' || checksum(text.substr(0, text.size() - kChecksumDigits)) != sum)
    return std::nullopt;
  return text.substr(kTokenTextStart.size(), id_end - kTokenTextStart.size());
}

bool is_same_hash(const Digest& left, const Digest& right) {
  unsigned difference = 0;
  for (std::size_t i = 0; i < left.bytes.size(); ++i) difference |= left.bytes[i] ^ right.bytes[i];
  return difference == 0;
}

}  // namespace wasm_server

#include "http/authority.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"

namespace wasm_server {
namespace {

// Of a name or an IPv4 address: unreserved, sub-delims and "%" of what is encoded.
constexpr std::array<bool, 256> name_characters() {
  std::array<bool, 256> table{};
  for (const char c : std::string_view("0123456789abcdefghijklmnopqrstuvwxyz"
                                       "ABCDEFGHIJKLMNOPQRSTUVWXYZ-._~%!$&'()*+,;=")) {
    table[static_cast<unsigned char>(c)] = true;
  }
  return table;
}

constexpr std::array<bool, 256> kName = name_characters();
constexpr std::string_view kAddress = "0123456789abcdefABCDEF:.";

bool is_name(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return kName[static_cast<unsigned char>(c)]; });
}

// Loosely: nobody connects by it.
bool is_ipv6(std::string_view text) {
  return std::ranges::count(text, ':') >= 2 && text.find_first_not_of(kAddress) == text.npos;
}

bool parse_port(std::string_view text, std::optional<std::uint16_t>& port) {
  if (text.empty()) return true;  // "host:" is allowed, and the same as "host"
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return false;
  port = number;
  return true;
}

}  // namespace

bool is_loopback(std::string_view host) {
  return host.starts_with("127.") || host == "::1" || equals_lower(host, "localhost");
}

std::optional<Authority> parse_authority(std::string_view text) {
  Authority found;
  std::string_view rest;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == text.npos) return std::nullopt;
    found.host = text.substr(1, close - 1);
    rest = text.substr(close + 1);
    if (!is_ipv6(found.host)) return std::nullopt;
  } else {
    found.host = text.substr(0, text.find(':'));
    rest = text.substr(found.host.size());
    if (!is_name(found.host)) return std::nullopt;
  }
  if (rest.empty()) return found;
  if (rest.front() != ':' || !parse_port(rest.substr(1), found.port)) return std::nullopt;
  return found;
}

}  // namespace wasm_server

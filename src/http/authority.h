#pragma once

// "HOST[:PORT]" as it stands in the Host field, in a request's target and in an Origin (RFC 9110,
// section 7.2; RFC 3986, section 3.2.2).

#include <cstdint>
#include <optional>
#include <string_view>

namespace wasm_server {

struct Authority {
  std::string_view host;              // of an IPv6 address without its brackets; may be empty
  std::optional<std::uint16_t> port;  // empty: that of the scheme
};

// Whether only programs of this machine reach it: an address of 127.0.0.0/8, ::1 or localhost.
bool is_loopback(std::string_view host);

// Empty when it is none: a port that is no number, a bracket that is not closed, a user, ...
std::optional<Authority> parse_authority(std::string_view text);

}  // namespace wasm_server

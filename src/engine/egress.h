#pragma once

// Requests that guests send: refused, unless their module names the host and the operator has
// nothing against it.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wasm_server {

struct EgressSettings {
  bool modules = true;  // false: no request goes out, whatever modules name
  bool private_addresses =
      false;  // also to this machine, and to networks that are not the internet
  std::vector<std::string> allow;    // patterns, of which one has to match as well; none: no matter
  std::string ca_file;               // PEM: whom TLS trusts; empty: whom the system does
  std::uint64_t connections = 1024;  // that are open at once, of all calls
  std::uint64_t requests = 100;      // of one call
  std::uint64_t bytes = 64ULL << 20;  // of one call's bodies, both ways
};

// Since the start.
struct EgressFigures {
  std::uint64_t answered = 0;  // requests that got the head of an answer
  std::uint64_t denied = 0;
  std::uint64_t failed = 0;
  std::uint64_t reused = 0;  // requests over a connection that was there
  std::uint64_t bytes = 0;   // of bodies, both ways
  std::uint64_t open_connections = 0;
  std::uint64_t idle_connections = 0;
};

// Whether it names hosts: api.example.org, api.example.org:8443, *.example.net, 192.0.2.1,
// [2001:db8::1]:8443. Without a port it is that of the scheme, 443 or 80.
bool is_egress_pattern(std::string_view text);

}  // namespace wasm_server

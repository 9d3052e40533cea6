#pragma once

#include <array>
#include <cstdint>

namespace wasm_server {

// Who a client is, as far as its address tells: that of IPv4 as IPv6 writes it, of IPv6 the network
// of 64 bits, of which one client has all. All zero when it has none.
using PeerAddress = std::array<std::uint8_t, 16>;

}  // namespace wasm_server

#pragma once

#include <string>
#include <string_view>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "base/result.h"
#include "base/task.h"

namespace wasm_server {

using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;

// "HOST:PORT" or "[IPv6]:PORT".
struct ListenAddress {
  std::string host;
  std::string port;
};

Result<ListenAddress> parse_listen_address(std::string_view text);

// Binds `acceptor` and listens. An error's message is one line for the person who started the
// server.
Result<void> listen(Acceptor& acceptor, const ListenAddress& address);

// "HOST:PORT" or "[IPv6]:PORT" of a bound acceptor.
std::string bound_address(const Acceptor& acceptor);

}  // namespace wasm_server

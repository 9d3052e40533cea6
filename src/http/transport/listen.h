#pragma once

#include <filesystem>
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

// The same on a socket of that path, for this user's programs only (mode 0600). What is left of an
// earlier process is replaced: the caller sees to it that there is none any more.
Result<void> listen_locally(Acceptor& acceptor, const std::filesystem::path& path);

// "HOST:PORT" or "[IPv6]:PORT" of a bound acceptor.
std::string bound_address(const Acceptor& acceptor);

}  // namespace wasm_server

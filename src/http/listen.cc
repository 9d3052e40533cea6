#include "http/listen.h"

#include <charconv>
#include <cstdint>

#include <boost/asio/ip/basic_resolver.hpp>

namespace wasm_server {
namespace {

using Tcp = asio::ip::tcp;
using ErrorValue = boost::system::error_code;

bool is_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size();
}

Error explain(const ListenAddress& address, const ErrorValue& error) {
  const std::string where = "port " + address.port + " on " + address.host;
  if (error == asio::error::address_in_use)
    return {ErrorCode::kConflict, where + " is already in use"};
  if (error == asio::error::access_denied) {
    return {ErrorCode::kBadRequest, "no permission to listen on " + where};
  }
  if (error == boost::system::errc::address_not_available) {
    return {ErrorCode::kBadRequest, address.host + " is not an address of this machine"};
  }
  return {ErrorCode::kInternal, "cannot listen on " + where + ": " + error.message()};
}

Result<Tcp::endpoint> resolve(const Acceptor::executor_type& executor,
                              const ListenAddress& address) {
  ErrorValue error;
  asio::ip::basic_resolver<Tcp, Executor> resolver(executor);
  const auto found = resolver.resolve(address.host, address.port, Tcp::resolver::passive, error);
  if (error || found.empty())
    return fail(ErrorCode::kBadRequest, "unknown host \"" + address.host + "\"");
  return found.begin()->endpoint();
}

}  // namespace

Result<ListenAddress> parse_listen_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  const bool plain = !host.empty() && (bracketed || host.find_first_of("[]:") == host.npos);
  if (colon == text.npos || !plain || !is_port(text.substr(colon + 1))) {
    return fail(ErrorCode::kBadRequest,
                "the address to listen on must be HOST:PORT, not \"" + std::string(text) + "\"");
  }
  return ListenAddress{std::string(host), std::string(text.substr(colon + 1))};
}

Result<void> listen(Acceptor& acceptor, const ListenAddress& address) {
  const auto endpoint = resolve(acceptor.get_executor(), address);
  if (!endpoint) return std::unexpected{endpoint.error()};
  ErrorValue error;
  acceptor.open(endpoint->protocol(), error);
  if (!error) acceptor.set_option(Acceptor::reuse_address(true), error);
  // What is accepted from it inherits this.
  if (!error) acceptor.set_option(Tcp::no_delay(true), error);
  if (!error) acceptor.non_blocking(true, error);
  if (!error) acceptor.bind(*endpoint, error);
  if (!error) acceptor.listen(Acceptor::max_listen_connections, error);
  if (!error) return {};
  ErrorValue ignored;
  acceptor.close(ignored);
  return std::unexpected{explain(address, error)};
}

std::string bound_address(const Acceptor& acceptor) {
  ErrorValue error;
  const Tcp::endpoint endpoint = acceptor.local_endpoint(error);
  if (error) return {};
  const std::string host = endpoint.address().to_string();
  const std::string port = std::to_string(endpoint.port());
  return endpoint.address().is_v6() ? "[" + host + "]:" + port : host + ":" + port;
}

}  // namespace wasm_server

#include "http/transport/listen.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <system_error>

#include <boost/asio/ip/basic_resolver.hpp>

#include "base/descriptor.h"
#include "base/text.h"

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
    return fail(ErrorCode::kBadRequest, "unknown host " + quote(address.host));
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
                "the address to listen on must be HOST:PORT, not " + quote(text));
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

Result<void> listen_locally(Acceptor& acceptor, const std::filesystem::path& path) {
  const auto failed = [&path](const char* doing) {
    return fail(ErrorCode::kInternal, std::string("cannot ") + doing + " " + path.string() + ": " +
                                          std::generic_category().message(errno));
  };
  // By way of its directory, because a socket's path may have 107 bytes only.
  const std::filesystem::path parent = path.has_parent_path() ? path.parent_path() : ".";
  const Descriptor directory(::open(parent.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0) return failed("open the directory of");
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return failed("replace");
  const std::string short_path =
      "/proc/self/fd/" + std::to_string(directory.get()) + "/" + path.filename().string();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (short_path.size() >= sizeof address.sun_path) return failed("listen on");
  short_path.copy(address.sun_path, short_path.size());
  Descriptor listening(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (listening.get() < 0) return failed("listen on");
  // What bind() makes has the socket's mode, so there is no moment at which others may use it.
  constexpr mode_t kOwnerOnly = 0600;
  const auto* const name = reinterpret_cast<const sockaddr*>(&address);
  if (::fchmod(listening.get(), kOwnerOnly) != 0 ||
      ::bind(listening.get(), name, sizeof address) != 0 ||
      ::listen(listening.get(), SOMAXCONN) != 0)
    return failed("listen on");
  // What the descriptor is of does not matter to Asio.
  acceptor.assign(Tcp::v4(), listening.get());
  listening.release();
  return {};
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

#include "http/transport/stream.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstring>

namespace wasm_server {

// What the descriptor is of does not matter to Asio (the tests' are of socket pairs).
Stream::Stream(asio::io_context& loop, Descriptor descriptor) : socket_(loop.get_executor()) {
  socket_.assign(asio::ip::tcp::v4(), descriptor.get());
  descriptor.release();
}

void Stream::cancel() {
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

Stream::Side Stream::client_side() {
  pollfd asked{socket_.native_handle(), POLLRDHUP, 0};
  if (::poll(&asked, 1, 0) <= 0) return Side::kOpen;
  return (asked.revents & (POLLERR | POLLHUP)) != 0 ? Side::kLost : Side::kHalfClosed;
}

PeerAddress Stream::peer_address() {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  PeerAddress address{};
  if (::getpeername(socket_.native_handle(), reinterpret_cast<sockaddr*>(&storage), &size) != 0) {
    return address;
  }
  if (storage.ss_family == AF_INET) {
    sockaddr_in found{};
    std::memcpy(&found, &storage, sizeof found);
    address[10] = address[11] = 0xff;
    std::memcpy(&address[12], &found.sin_addr, 4);
  } else if (storage.ss_family == AF_INET6) {
    sockaddr_in6 found{};
    std::memcpy(&found, &storage, sizeof found);
    const bool is_mapped = IN6_IS_ADDR_V4MAPPED(&found.sin6_addr);
    std::memcpy(address.data(), &found.sin6_addr, is_mapped ? address.size() : address.size() / 2);
  }
  return address;
}

bool Stream::has_unconfirmed() {
  int bytes = 0;
  return ::ioctl(socket_.native_handle(), SIOCOUTQ, &bytes) == 0 && bytes > 0;
}

void Stream::reset_on_close() {
  const linger now{1, 0};
  ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

}  // namespace wasm_server

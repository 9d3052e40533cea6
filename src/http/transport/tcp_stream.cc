#include "http/transport/tcp_stream.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>

namespace wasm_server {
namespace {

// The kernel copies what it takes, and on the same machine handles its arrival too. More would make
// the other connections of the loop wait.
constexpr std::size_t kMaxAtOnce = 1U << 20;

ssize_t send_parts(int fd, const Outgoing& out) {
  const auto parts = out.parts();
  if (parts.size() == 1) {
    return ::send(fd, parts[0].data(), std::min(parts[0].size(), kMaxAtOnce), MSG_NOSIGNAL);
  }
  std::array<iovec, Outgoing::kMaxParts> vectors;
  std::size_t left = kMaxAtOnce;
  std::size_t count = 0;
  for (const auto& part : parts) {
    if (left == 0) break;
    const std::size_t size = std::min(part.size(), left);
    vectors[count++] = {const_cast<void*>(part.data()), size};
    left -= size;
  }
  msghdr message{};
  message.msg_iov = vectors.data();
  message.msg_iovlen = count;
  return ::sendmsg(fd, &message, MSG_NOSIGNAL);
}

// Repeats `call` while signals interrupt it.
template <class Call>
ssize_t without_signals(Call call) {
  for (;;) {
    const ssize_t n = call();
    if (n >= 0) return n;
    if (errno == EAGAIN) return Stream::kWouldBlock;
    if (errno != EINTR) return Stream::kLost;
  }
}

}  // namespace

ssize_t TcpStream::read(std::span<char> space) {
  const int fd = socket().native_handle();
  return without_signals([fd, space] { return ::recv(fd, space.data(), space.size(), 0); });
}

ssize_t TcpStream::write(Outgoing& out) {
  const int fd = socket().native_handle();
  const ssize_t n = without_signals([fd, &out] { return send_parts(fd, out); });
  if (n > 0) out.advance(static_cast<std::size_t>(n));
  return n;
}

void TcpStream::shut_down_writing() { ::shutdown(socket().native_handle(), SHUT_WR); }

}  // namespace wasm_server

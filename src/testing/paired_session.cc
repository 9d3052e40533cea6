#include "testing/paired_session.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "http/session.h"

namespace wasm_server {

PairedSession::PairedSession(const Router& router, const HttpLimits& limits)
    : server_(std::make_shared<ServerState>(limits)),
      loop_(std::make_shared<LoopState>(context_, router, server_)) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    throw std::system_error(errno, std::generic_category(), "socketpair");
  }
  client_ = std::make_unique<Descriptor>(ends[0]);
  session_fd_ = ends[1];
  ConnectionToken token(server_, std::make_shared<std::atomic<std::size_t>>(0));
  asio::co_spawn(context_, Session::serve(loop_, std::move(token), Descriptor(ends[1])),
                 asio::detached);
  run();
}

// The session goes with its coroutine, which is the event loop's.
PairedSession::~PairedSession() {
  client_.reset();
  cut();
}

void PairedSession::cut() {
  loop_->cut_all();
  run();
}

void PairedSession::set_send_buffer(int bytes) const {
  ::setsockopt(session_fd_, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

void PairedSession::run() {
  context_.restart();
  while (context_.poll() > 0) {
  }
}

void PairedSession::run_for(std::chrono::milliseconds time) {
  context_.restart();
  context_.run_for(time);
}

std::size_t PairedSession::send(std::string_view bytes) const {
  const ssize_t n = ::send(client_->get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  return n < 0 ? 0 : static_cast<std::size_t>(n);
}

std::string PairedSession::receive(std::size_t max) const {
  std::string bytes(max, '\0');
  const ssize_t n = ::recv(client_->get(), bytes.data(), bytes.size(), 0);
  bytes.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
  return bytes;
}

void PairedSession::shut_down_sending() const { ::shutdown(client_->get(), SHUT_WR); }

}  // namespace wasm_server

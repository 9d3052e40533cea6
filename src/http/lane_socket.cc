#include "http/lane_socket.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include <boost/asio/detail/reactor_op.hpp>

namespace wasm_server {
namespace {

namespace detail = boost::asio::detail;
using boost::system::error_code;

// The number of bytes, 0 when the connection is lost, -1 when it would have to wait.
ssize_t receive(int fd, std::span<char> space) {
  for (;;) {
    const ssize_t n = ::recv(fd, space.data(), space.size(), 0);
    if (n >= 0) return n;
    if (errno == EAGAIN) return -1;
    if (errno != EINTR) return 0;
  }
}

ssize_t send_parts(int fd, const Outgoing& out) {
  const auto parts = out.parts();
  if (parts.size() == 1) return ::send(fd, parts[0].data(), parts[0].size(), MSG_NOSIGNAL);
  std::array<iovec, Outgoing::kMostParts> vectors;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    vectors[i] = {const_cast<void*>(parts[i].data()), parts[i].size()};
  }
  msghdr message{};
  message.msg_iov = vectors.data();
  message.msg_iovlen = parts.size();
  return ::sendmsg(fd, &message, MSG_NOSIGNAL);
}

// As for `receive`; what was sent is taken off `out`.
ssize_t transmit(int fd, Outgoing& out) {
  for (;;) {
    const ssize_t n = send_parts(fd, out);
    if (n > 0) out.advance(static_cast<std::size_t>(n));
    if (n >= 0) return n;
    if (errno == EAGAIN) return -1;
    if (errno != EINTR) return 0;
  }
}

// What both operations have: they are the reactor's from their start until `finish`.
struct Operation : detail::reactor_op {
  Operation(int descriptor, LaneSocket::Listener& l, perform_func_type on_ready, func_type on_done)
      : reactor_op(error_code(), on_ready, on_done), fd(descriptor), listener(&l) {}

  void prepare() {
    in_flight = true;
    performed = false;
    ec_ = error_code();
    bytes_transferred_ = 0;
  }

  // What a system call said; false when it would have had to wait.
  bool take(ssize_t n) {
    if (n < 0) return false;
    performed = true;
    bytes_transferred_ = static_cast<std::size_t>(n);
    return true;
  }

  int fd;
  LaneSocket::Listener* listener;
  bool in_flight = false;  // from its start until its listener is told
  bool performed = false;  // only that is left
};

// The socket is destroyed.
template <class Kind>
void release(Kind* operation) {
  operation->listener = nullptr;
  if (!operation->in_flight) delete operation;
}

// Ends an operation; true when its listener is to be told.
template <class Kind>
bool finish(Kind* operation, void* owner) {
  operation->in_flight = false;
  if (operation->listener == nullptr) {
    delete operation;
    return false;
  }
  if (owner != nullptr) return true;
  operation->listener->on_dropped();
  return false;
}

}  // namespace

struct LaneSocket::ReadOperation : Operation {
  ReadOperation(int descriptor, Listener& l)
      : Operation(descriptor, l, &do_perform, &do_complete) {}

  static status do_perform(detail::reactor_op* base) {
    auto* self = static_cast<ReadOperation*>(base);
    if (!self->take(receive(self->fd, self->space))) return not_done;
    return self->bytes_transferred_ < self->space.size() ? done_and_exhausted : done;
  }

  static void do_complete(void* owner, detail::scheduler_operation* base, const error_code&,
                          std::size_t) {
    auto* self = static_cast<ReadOperation*>(base);
    if (finish(self, owner)) self->listener->on_read(self->bytes_transferred_);
  }

  std::span<char> space;
  bool looked_again = false;
};

struct LaneSocket::WriteOperation : Operation {
  WriteOperation(int descriptor, Listener& l)
      : Operation(descriptor, l, &do_perform, &do_complete) {}

  static status do_perform(detail::reactor_op* base) {
    auto* self = static_cast<WriteOperation*>(base);
    return self->take(transmit(self->fd, *self->out)) ? done : not_done;
  }

  static void do_complete(void* owner, detail::scheduler_operation* base, const error_code&,
                          std::size_t) {
    auto* self = static_cast<WriteOperation*>(base);
    if (finish(self, owner)) self->listener->on_written(self->bytes_transferred_);
  }

  Outgoing* out = nullptr;
};

LaneSocket::LaneSocket(boost::asio::io_context& context, Descriptor descriptor, Listener& listener)
    : reactor_(boost::asio::use_service<Reactor>(context)), descriptor_(std::move(descriptor)) {
  reactor_.init_task();
  const int error = reactor_.register_descriptor(descriptor_.get(), registration_);
  if (error != 0) throw std::system_error(error, std::generic_category(), "epoll_ctl");
  read_ = new ReadOperation(descriptor_.get(), listener);
  write_ = new WriteOperation(descriptor_.get(), listener);
}

LaneSocket::~LaneSocket() {
  reactor_.deregister_descriptor(descriptor_.get(), registration_, true);
  {
    const Descriptor closed = std::move(descriptor_);
  }
  reactor_.cleanup_descriptor_data(registration_);
  release(read_);
  release(write_);
}

void LaneSocket::start_read(std::span<char> space) {
  read_->prepare();
  read_->space = space;
  read_->looked_again = false;
  reactor_.start_op(Reactor::read_op, descriptor_.get(), registration_, read_, false, true);
}

void LaneSocket::start_write(Outgoing& out) {
  write_->prepare();
  write_->out = &out;
  reactor_.start_op(Reactor::write_op, descriptor_.get(), registration_, write_, false, true);
}

void LaneSocket::cancel() { reactor_.cancel_ops(descriptor_.get(), registration_); }

void LaneSocket::look_again() {
  if (!read_->in_flight || read_->performed || read_->looked_again) return;
  read_->looked_again = true;  // what comes from now on brings an event
  const bool found = read_->take(receive(descriptor_.get(), read_->space));
  if (found)
    reactor_.cancel_ops_by_key(descriptor_.get(), registration_, Reactor::read_op, nullptr);
}

bool LaneSocket::has_hung_up() const {
  pollfd asked{descriptor_.get(), POLLRDHUP, 0};
  return ::poll(&asked, 1, 0) > 0;
}

bool LaneSocket::write_now(Outgoing& out) {
  return out.empty() || transmit(descriptor_.get(), out) != 0;
}

void LaneSocket::shut_down_writing() { ::shutdown(descriptor_.get(), SHUT_WR); }

void LaneSocket::reset_on_close() {
  const linger now{1, 0};
  ::setsockopt(descriptor_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

}  // namespace wasm_server

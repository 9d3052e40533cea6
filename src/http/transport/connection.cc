#include "http/transport/connection.h"

#include <algorithm>

namespace wasm_server {

Connection::Connection(asio::io_context& loop, std::unique_ptr<Stream> stream)
    : loop_(loop), stream_(std::move(stream)) {}

Connection::~Connection() {
  if (self_) *self_ = nullptr;
}

std::size_t Connection::read(std::span<char> space) {
  if (input_over_) return 0;
  const ssize_t n = stream_->read(space);
  if (n == 0) {
    input_over_ = true;
    if (gone_) start_probing();
  } else if (n == Stream::kLost) {
    on_gone();
  }
  return n > 0 ? static_cast<std::size_t>(n) : 0;
}

std::size_t Connection::fill() {
  const std::size_t n = read(input_.room());
  input_.filled(n);
  return n;
}

std::size_t Connection::write(Outgoing& out) {
  if (output_over_ || !owes(out)) return 0;
  const ssize_t n = stream_->write(out);
  if (n == Stream::kLost) output_over_ = true;
  return n > 0 ? static_cast<std::size_t>(n) : 0;
}

std::shared_ptr<Connection*> Connection::self() {
  if (!self_) self_ = std::make_shared<Connection*>(this);
  return self_;
}

void Connection::watch(std::move_only_function<void()> gone, std::string_view probe) {
  gone_ = std::move(gone);
  probe_ = probe;
  if (lost_) {
    // Even then on the event loop, and not before the caller waits.
    asio::post(loop_.get_executor(), [call = std::exchange(gone_, nullptr)]() mutable { call(); });
  } else if (input_over_) {
    start_probing();
  } else {
    look_ahead();
  }
}

// Not beyond the first bytes of a next request: what reads the rest of it waits by itself.
void Connection::look_ahead() {
  if (looking_ahead_ || !input_.pending().empty() || input_.room().empty()) return;
  if (stream_->has_buffered()) fill();
  if (!input_.pending().empty() || input_over_) return;
  looking_ahead_ = true;
  stream_->socket().async_wait(Stream::Socket::wait_read,
                               [self = self()](const boost::system::error_code&) {
                                 if (*self != nullptr) (*self)->read_ahead();
                               });
}

void Connection::read_ahead() {
  looking_ahead_ = false;
  if (!gone_ || !input_.pending().empty() || input_.room().empty()) return;
  fill();
  if (gone_ && !input_over_) look_ahead();
}

// The first one soon, but not to a client whose answer is nearly there; then more seldom, the
// longer it has waited already.
void Connection::start_probing() {
  constexpr std::chrono::milliseconds kFirst{50};
  if (probe_wait_.count() != 0) return;  // it is being probed
  probe_wait_ = kFirst;
  schedule_probe();
}

void Connection::schedule_probe() {
  constexpr std::chrono::milliseconds kLongest{5000};
  await_loss();
  if (!probe_timer_) probe_timer_ = std::make_unique<Timer>(loop_.get_executor());
  probe_timer_->expires_after(probe_wait_);
  probe_timer_->async_wait([self = self()](const boost::system::error_code& error) {
    if (!error && *self != nullptr) (*self)->probe();
  });
  probe_wait_ = std::min(2 * probe_wait_, kLongest);
}

void Connection::probe() {
  if (!gone_) {
    probe_wait_ = {};
    return;
  }
  check_loss();
  if (!gone_) return;
  // One that has not been confirmed asks already; and the rest of half a probe would be in the way
  // of the answer.
  if (!probe_.empty() && !stream_->has_unconfirmed()) {
    Outgoing out;
    out.add(probe_);
    write(out);
  }
  schedule_probe();
}

void Connection::await_loss() {
  if (awaiting_loss_) return;
  awaiting_loss_ = true;
  stream_->socket().async_wait(Stream::Socket::wait_error,
                               [self = self()](const boost::system::error_code& error) {
                                 if (*self == nullptr) return;
                                 (*self)->awaiting_loss_ = false;
                                 if (!error) (*self)->check_loss();
                               });
}

void Connection::check_loss() {
  if (stream_->client_side() == Stream::Side::kLost) on_gone();
}

// What was received before stays; an answer may still be tried.
void Connection::on_gone() {
  input_over_ = lost_ = true;
  auto gone = std::exchange(gone_, nullptr);
  if (gone) gone();
}

void Connection::sweep(Moment now) {
  if (!output_over_ && !stream_->flush()) output_over_ = true;
  if (now >= deadline_) {
    expired_ = true;
    cut();
  } else if (gone_ && !looking_ahead_) {
    const Stream::Side side = stream_->client_side();
    if (side == Stream::Side::kLost) on_gone();
    if (side == Stream::Side::kHalfClosed) start_probing();
  }
}

void Connection::cut() {
  clear_deadline();
  output_over_ = true;
  stream_->cancel();
  on_gone();
}

}  // namespace wasm_server

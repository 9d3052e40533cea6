#include "http/connection.h"

#include <cassert>

#include <boost/asio/post.hpp>

namespace wasm_server {

Connection::Connection(asio::io_context& lane, Descriptor descriptor)
    : lane_(lane), socket_(lane, std::move(descriptor), *this) {}

void Connection::start_fill() {
  if (!reading_) start_read(input_.room(), true);
}

void Connection::start_read(std::span<char> space, bool into_input) {
  received_ = 0;
  if (input_over_) return resume_soon();
  assert(!reading_);
  reading_ = true;
  into_input_ = into_input;
  input_.pin(into_input);
  socket_.start_read(space);
}

void Connection::start_write(Outgoing& out) {
  sent_ = 0;
  if (output_over_) return resume_soon();
  waits_for_write_ = true;
  socket_.start_write(out);
}

void Connection::on_read(std::size_t n) {
  reading_ = false;
  received_ = n;
  if (into_input_) {
    input_.pin(false);
    input_.filled(n);
  }
  if (n == 0) end_input();
  if (waiter_ && !waits_for_write_) {
    resume();
  } else if (gone_) {
    read_ahead();
  }
}

void Connection::on_written(std::size_t n) {
  waits_for_write_ = false;
  sent_ = n;
  if (n == 0) output_over_ = true;
  resume();
}

// The coroutine owns this connection.
void Connection::on_dropped() { const auto dropped = std::move(waiter_); }

void Connection::resume_soon() {
  asio::post(lane_.get_executor(), [waiter = std::move(waiter_)]() mutable { waiter(); });
}

void Connection::resume() {
  auto waiter = std::exchange(waiter_, nullptr);
  waiter();
}

bool Connection::write_now(Outgoing& out) {
  if (!output_over_ && !socket_.write_now(out)) output_over_ = true;
  return !output_over_;
}

void Connection::watch(std::move_only_function<void()> gone) {
  gone_ = std::move(gone);
  if (input_over_) {
    // Even then on the event loop, and not before the caller waits.
    asio::post(lane_.get_executor(), [call = std::exchange(gone_, nullptr)]() mutable { call(); });
  } else {
    read_ahead();
  }
}

// Not beyond the first bytes of a next request: the rest of its header then comes by `fill`, which
// waits for this read. One that was under way while its body is read would be a second at a time,
// into space that is moved.
void Connection::read_ahead() {
  if (reading_ || !input_.pending().empty() || input_.room().empty()) return;
  start_read(input_.room(), true);
}

void Connection::end_input() {
  input_over_ = true;
  auto gone = std::exchange(gone_, nullptr);
  if (gone) gone();
}

void Connection::sweep(Moment now) {
  if (now >= deadline_) {
    expired_ = true;
    cut();
  } else if (reading_) {
    socket_.look_again();
  } else if (gone_ && socket_.has_hung_up()) {
    std::exchange(gone_, nullptr)();
  }
}

void Connection::cut() {
  clear_deadline();
  output_over_ = true;
  socket_.cancel();
  end_input();
}

}  // namespace wasm_server

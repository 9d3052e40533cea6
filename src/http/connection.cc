#include "http/connection.h"

#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/async_result.hpp>

namespace wasm_server {
namespace {

constexpr auto kAsTuple = asio::as_tuple(use_task);

}  // namespace

// Shared with the read that is under way, which may outlive the connection when the event loop is
// destroyed.
struct Connection::Watch {
  Connection* owner;
  std::move_only_function<void()> gone;
  std::move_only_function<void()> waiter;  // resumes the session that waits for the read to end
  bool reading = false;
};

// The completion of that read. When it is destroyed without having been called, the event loop is,
// and so must be the coroutine that waits for it.
struct Connection::WatchRead {
  std::shared_ptr<Watch> watch;

  explicit WatchRead(std::shared_ptr<Watch> shared) : watch(std::move(shared)) {}
  WatchRead(WatchRead&&) = default;
  WatchRead& operator=(WatchRead&&) = delete;
  ~WatchRead() {
    if (watch) std::exchange(watch->waiter, nullptr) = nullptr;
  }

  void operator()(const boost::system::error_code& error, std::size_t n) {
    const std::shared_ptr<Watch> held = std::move(watch);
    held->reading = false;
    if (held->owner != nullptr) held->owner->on_watch_read(static_cast<bool>(error), n);
    auto waiter = std::exchange(held->waiter, nullptr);
    if (waiter) waiter();
  }
};

Connection::Connection(Socket socket) : socket_(std::move(socket)) {
  boost::system::error_code ignored;  // a socket that cannot do this fails at its first read
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
}

Connection::~Connection() {
  if (watch_) watch_->owner = nullptr;
}

Task<bool> Connection::fill() {
  if (watch_ && watch_->reading) {
    co_await join_watch_read();
    co_return !ended_;
  }
  const std::span<char> room = input_.room();
  const std::size_t n = co_await read_into(room);
  input_.filled(n);
  co_return n > 0;
}

Task<std::size_t> Connection::read_into(std::span<char> space) {
  if (ended_) co_return 0;
  const asio::mutable_buffer buffer(space.data(), space.size());
  auto [error, n] = co_await socket_.async_read_some(buffer, kAsTuple);
  if (error) {
    ended_ = true;
    co_return 0;
  }
  co_return n;
}

bool Connection::write_now(Outgoing& out) {
  while (!out.empty() && !ended_) {
    boost::system::error_code error;
    const std::size_t sent = socket_.write_some(out.parts(), error);
    if (error == asio::error::would_block) return true;
    if (error) ended_ = true;
    out.advance(sent);
  }
  return !ended_;
}

Task<bool> Connection::write_some(Outgoing& out) {
  if (ended_) co_return false;
  auto [error] = co_await socket_.async_wait(Socket::wait_write, kAsTuple);
  if (error || ended_) {
    ended_ = true;
    co_return false;
  }
  co_return write_now(out);
}

void Connection::watch(std::move_only_function<void()> gone) {
  if (!watch_) watch_ = std::make_shared<Watch>(this);
  watch_->gone = std::move(gone);
  if (ended_) {
    // Even then on the event loop, and not before the caller waits.
    asio::post(socket_.get_executor(), [watch = watch_] {
      if (auto call = std::exchange(watch->gone, nullptr)) call();
    });
    return;
  }
  if (!watch_->reading) start_watch_read();
}

void Connection::unwatch() {
  if (watch_) watch_->gone = nullptr;
}

void Connection::start_watch_read() {
  const std::span<char> room = input_.room();
  if (room.empty()) return;  // a client that sends that much ahead is there
  watch_->reading = true;
  input_.pin(true);
  socket_.async_read_some(asio::mutable_buffer(room.data(), room.size()), WatchRead(watch_));
}

void Connection::on_watch_read(bool failed, std::size_t n) {
  input_.pin(false);
  input_.filled(n);
  if (failed) {
    end();
  } else if (watch_->gone && !watch_->waiter) {
    start_watch_read();
  }
}

void Connection::end() {
  ended_ = true;
  auto gone = watch_ ? std::exchange(watch_->gone, nullptr) : nullptr;
  if (gone) gone();
}

Task<void> Connection::join_watch_read() {
  const auto wait = [watch = watch_.get()](auto handler) { watch->waiter = std::move(handler); };
  co_await asio::async_initiate<const asio::use_awaitable_t<Executor>&, void()>(wait, use_task);
}

Task<void> Connection::finish() {
  unwatch();
  if (!watch_ || !watch_->reading) co_return;
  boost::system::error_code ignored;
  socket_.cancel(ignored);
  co_await join_watch_read();
}

void Connection::shut_down_writing() {
  boost::system::error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
}

void Connection::reset_on_close() {
  boost::system::error_code ignored;
  socket_.set_option(Socket::linger(true, 0), ignored);
}

void Connection::expire() {
  expired_ = true;
  cut();
}

void Connection::cut() {
  clear_deadline();
  boost::system::error_code ignored;
  socket_.cancel(ignored);
  end();
}

}  // namespace wasm_server

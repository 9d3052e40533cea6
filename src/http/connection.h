#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <span>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>

#include "base/task.h"
#include "http/input_buffer.h"
#include "http/lane_socket.h"
#include "http/outgoing.h"

namespace wasm_server {

using Moment = std::chrono::steady_clock::time_point;

// One client's socket with what was received from it. It has no timers: whoever owns it calls
// `sweep` now and then. Once a direction is over (closed by the client, failed, expired or cut) its
// operations end at once. Used on its lane's thread; one coroutine waits for it at a time.
class Connection final : private LaneSocket::Listener {
  // Suspends the calling coroutine, starts something, and resumes when `resume` is called.
  template <class Start>
  struct Suspend {
    Connection* connection;
    Start start;

    template <class Handler>
    void operator()(Handler handler) {
      connection->waiter_ = std::move(handler);
      start();
    }
  };

  template <class Start>
  auto wait(Start start) {
    return asio::async_initiate<const asio::deferred_t&, void()>(
        Suspend<Start>{this, std::move(start)}, asio::deferred);
  }

 public:
  Connection(asio::io_context& lane, Descriptor descriptor);

  InputBuffer& input() { return input_; }

  // `co_await fill()`: waits for bytes and appends them to `input`, which must have room.
  auto fill() {
    return wait([this] { start_fill(); });
  }
  // `co_await read_into(space)`: waits for bytes and puts them there; then `received` says how
  // many, 0 at the end. Nothing may be pending in `input`.
  auto read_into(std::span<char> space) {
    return wait([this, space] { start_read(space, false); });
  }
  std::size_t received() const { return received_; }

  // Sends what the socket takes without waiting. False: the client cannot be reached any more.
  bool write_now(Outgoing& out);
  // `co_await write_some(out)`: waits until the socket takes more, and sends that;
  // then `can_write` says whether the client can still be reached.
  auto write_some(Outgoing& out) {
    return wait([this, &out] { start_write(out); });
  }

  // `co_await turn()`: lets the lane handle first what is ready on its other connections.
  auto turn() {
    return wait([this] { resume_soon(); });
  }

  // How many bytes the last write_some sent.
  std::size_t sent() const { return sent_; }
  bool can_write() const { return !output_over_; }

  // Reads ahead into `input` until something comes or `unwatch`, to notice the end; `gone` is
  // called then. The read may stay under way after that, while nothing is pending in `input`: what
  // it brings is not lost, and the next `fill` waits for it.
  void watch(std::move_only_function<void()> gone);
  void unwatch() { gone_ = nullptr; }

  // No more to send: tells the client so, without throwing away what it has still to read.
  void shut_down_writing() { socket_.shut_down_writing(); }
  // The next close is a reset, so that the client cannot take a part for the whole.
  void reset_on_close() { socket_.reset_on_close(); }

  void set_deadline(Moment deadline) { deadline_ = deadline; }
  Moment deadline() const { return deadline_; }
  void clear_deadline() { deadline_ = Moment::max(); }

  // Ends it when its deadline has passed, and notices the end of a client that did not wait for its
  // answer before it sent more, so that nothing is read from it now.
  void sweep(Moment now);
  // Ends it.
  void cut();
  // No more will come from the client; an answer may still reach it.
  bool has_ended() const { return input_over_; }
  bool has_expired() const { return expired_; }
  // After it has expired the client can still be answered, and its last words thrown away.
  void reopen() { input_over_ = output_over_ = false; }

 private:
  void start_fill();
  void start_read(std::span<char> space, bool into_input);
  void read_ahead();
  void start_write(Outgoing& out);
  void resume_soon();
  void resume();
  void end_input();

  void on_read(std::size_t n) override;
  void on_written(std::size_t n) override;
  void on_dropped() override;

  asio::io_context& lane_;
  InputBuffer input_;
  std::move_only_function<void()> waiter_;  // the coroutine that waits
  std::move_only_function<void()> gone_;
  Moment deadline_ = Moment::max();
  std::size_t received_ = 0;
  std::size_t sent_ = 0;
  bool reading_ = false;
  bool into_input_ = false;
  bool waits_for_write_ = false;
  bool input_over_ = false;
  bool output_over_ = false;
  bool expired_ = false;
  LaneSocket socket_;  // goes first: it ends the operations
};

}  // namespace wasm_server

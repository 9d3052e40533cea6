#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>

#include "base/task.h"
#include "http/transport/input_buffer.h"
#include "http/transport/outgoing.h"
#include "http/transport/stream.h"

namespace wasm_server {

using Moment = std::chrono::steady_clock::time_point;

// One client's stream with what was received from it. It has no timers: whoever owns it calls
// `sweep` now and then. Once a direction is over (closed by the client, failed, expired or cut) its
// waits end at once and its calls do nothing. Used on its event loop's thread; one coroutine waits
// for it at a time.
class Connection {
  // Suspends the calling coroutine until the socket is ready, or, when that direction is over, for
  // a moment. Costs no coroutine of its own.
  auto wait(Stream::Socket::wait_type type, bool at_once) {
    auto start = [this, type, at_once](auto resume) {
      if (at_once) return asio::post(loop_.get_executor(), std::move(resume));
      stream_->socket().async_wait(
          type, [resume = std::move(resume)](const boost::system::error_code&) mutable {
            std::move(resume)();
          });
    };
    return asio::async_initiate<const asio::deferred_t&, void()>(std::move(start), asio::deferred);
  }

 public:
  Connection(asio::io_context& loop, std::unique_ptr<Stream> stream);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  InputBuffer& input() { return input_; }

  // `co_await readable()`: until something can be read, be it the end.
  auto readable() {
    return wait(Stream::Socket::wait_read, input_over_ || stream_->has_buffered());
  }
  // What is there, put into `space`: how many bytes, 0 when there is nothing yet, or it is over.
  std::size_t read(std::span<char> space);
  // The same, appended to `input`, which must have room.
  std::size_t fill();

  // `co_await writable()`: until the client takes more.
  auto writable() {
    return wait(
        stream_->write_needs_input() ? Stream::Socket::wait_read : Stream::Socket::wait_write,
        output_over_);
  }
  // Sends what goes at once: how many bytes; `can_write` says whether the client can still be
  // reached.
  std::size_t write(Outgoing& out);
  bool can_write() const { return !output_over_; }
  // Whether `out`, or what was taken of it, is still to be sent: writable(), and write() again.
  bool owes(const Outgoing& out) const { return !out.empty() || stream_->has_unsent(); }

  // `co_await turn()`: lets the event loop handle first what is ready on its other connections.
  auto turn() { return asio::post(loop_.get_executor(), asio::deferred); }

  // Until `unwatch`, `gone` is called when the client is no longer there to be answered. Reads
  // ahead into `input` for that, until something comes. A client that closed its sending side may
  // still wait for its answer, or have closed its socket: so it is sent `probe` now and then, which
  // it may ignore, and which the system of one that is gone answers with a reset. Without a probe
  // it counts as there until a reset comes.
  void watch(std::move_only_function<void()> gone, std::string_view probe);
  void unwatch() { gone_ = nullptr; }

  // Ends the waits that are under way now.
  void interrupt() { stream_->cancel(); }

  PeerAddress peer_address() { return stream_->peer_address(); }

  // No more to send: tells the client so, without throwing away what it has still to read.
  void shut_down_writing() { stream_->shut_down_writing(); }
  // The next close is a reset, so that the client cannot take a part for the whole.
  void reset_on_close() { stream_->reset_on_close(); }

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
  void reopen() { input_over_ = output_over_ = lost_ = false; }

 private:
  using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                           asio::wait_traits<std::chrono::steady_clock>, Executor>;

  void look_ahead();
  void read_ahead();
  std::shared_ptr<Connection*> self();
  void start_probing();
  void schedule_probe();
  void await_loss();
  void check_loss();
  void probe();
  void on_gone();

  asio::io_context& loop_;
  std::unique_ptr<Stream> stream_;
  InputBuffer input_;
  std::move_only_function<void()> gone_;
  // For waits that may be under way longer than this lives: null then. Made by the first.
  std::shared_ptr<Connection*> self_;
  std::string_view probe_;
  std::unique_ptr<Timer> probe_timer_;  // of one that needed it
  std::chrono::milliseconds probe_wait_{0};
  Moment deadline_ = Moment::max();
  bool looking_ahead_ = false;
  bool awaiting_loss_ = false;
  bool input_over_ = false;
  bool lost_ = false;  // reset, failed or cut: nobody is there
  bool output_over_ = false;
  bool expired_ = false;
};

}  // namespace wasm_server

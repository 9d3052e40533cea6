#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "base/task.h"
#include "http/input_buffer.h"
#include "http/outgoing.h"

namespace wasm_server {

using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using Moment = std::chrono::steady_clock::time_point;

// One client's socket with what was received from it. It has no timers: whoever owns it calls
// `expire` when `deadline` has passed. Once it has ended (closed by the client, failed, expired or
// cut) every operation fails. Used on its lane's thread.
class Connection {
 public:
  explicit Connection(Socket socket);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  InputBuffer& input() { return input_; }

  // Waits for bytes and appends them to `input`, which must have room. False: it has ended.
  Task<bool> fill();
  // Waits for bytes and puts them into `space`; how many, 0 when it has ended. Nothing may be
  // pending in `input`.
  Task<std::size_t> read_into(std::span<char> space);

  // Sends what the socket takes without waiting. False: it has ended.
  bool write_now(Outgoing& out);
  // Waits until the socket takes more, and sends that. False: it has ended.
  Task<bool> write_some(Outgoing& out);

  // Reads ahead into `input` until `unwatch`, to notice the end; `gone` is called then.
  void watch(std::move_only_function<void()> gone);
  // The read that watches may stay under way; what it brings is not lost.
  void unwatch();
  // Must be awaited before the end of its life.
  Task<void> finish();

  // No more to send: tells the client so, without throwing away what it has still to read.
  void shut_down_writing();
  // The next close is a reset, so that the client cannot take a part for the whole.
  void reset_on_close();

  Moment deadline() const { return deadline_; }
  void set_deadline(Moment deadline) { deadline_ = deadline; }
  void clear_deadline() { deadline_ = Moment::max(); }

  // Ends it, because of its deadline or because the server stops.
  void expire();
  void cut();
  bool has_ended() const { return ended_; }
  bool has_expired() const { return expired_; }
  // After `expire` an answer can still be sent.
  void reopen_for_writing() { ended_ = false; }

 private:
  struct Watch;
  struct WatchRead;

  void start_watch_read();
  void on_watch_read(bool failed, std::size_t n);
  void end();
  Task<void> join_watch_read();

  Socket socket_;
  InputBuffer input_;
  Moment deadline_ = Moment::max();
  bool ended_ = false;
  bool expired_ = false;
  std::shared_ptr<Watch> watch_;  // made when first needed
};

}  // namespace wasm_server

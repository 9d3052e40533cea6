#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "base/descriptor.h"
#include "base/task.h"
#include "http/peer_address.h"
#include "http/transport/outgoing.h"

namespace wasm_server {

// A client's stream of bytes, whatever carries it: TCP, or TLS over it. It does only what can be
// done at once; whoever has to wait does so at the socket, and then tries again. Used on its event
// loop's thread.
class Stream {
 public:
  using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
  static constexpr ssize_t kWouldBlock = -1;
  static constexpr ssize_t kLost = -2;

  virtual ~Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // How many bytes were put into `space`: 0 at the end of the stream, kLost when the connection is
  // (reset, failed), kWouldBlock when there is nothing yet.
  virtual ssize_t read(std::span<char> space) = 0;
  // How many bytes of `out` were sent and taken off it: kLost when the connection is, kWouldBlock
  // when the client has to read first. One system call, so that a client that reads as fast as the
  // server sends leaves others their turn.
  virtual ssize_t write(Outgoing& out) = 0;
  // No more to send: tells the client so.
  virtual void shut_down_writing() = 0;

  // Whether read() has bytes that the socket does not tell of.
  virtual bool has_buffered() const { return false; }
  // Whether bytes were taken by write() that the socket did not take yet; and tries again to send
  // them: false when the connection is lost.
  virtual bool has_unsent() const { return false; }
  virtual bool flush() { return true; }
  // Whether write() can do no more before the client has sent something.
  virtual bool write_needs_input() const { return false; }

  // For waiting: a wait ends early when `cancel` is called.
  Socket& socket() { return socket_; }
  void cancel();

  // How the client stands, though there may be more to read from it.
  enum class Side : std::uint8_t { kOpen, kHalfClosed, kLost };
  Side client_side();
  PeerAddress peer_address();
  // Whether there are bytes that the client's system has not confirmed.
  bool has_unconfirmed();
  // Closing is then a reset.
  virtual void reset_on_close();

 protected:
  Stream(asio::io_context& loop, Descriptor descriptor);

 private:
  Socket socket_;
};

}  // namespace wasm_server

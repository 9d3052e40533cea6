#pragma once

#include <cstddef>
#include <span>

// clang-format off: the second does not compile before the first
#include <boost/asio/io_context.hpp>
#include <boost/asio/detail/reactor.hpp>
// clang-format on

#include "base/descriptor.h"
#include "http/outgoing.h"

namespace wasm_server {

// A connected, non-blocking stream socket on a lane's event loop, in place of Asio's own: it is put
// directly on Asio's reactor, whose interface is internal (written for Boost 1.81), because of what
// that saves on every request. A read that got less than it asked for has emptied the socket, and
// says so to the reactor (epoll is used edge-triggered); Asio's own tries a second `recv` that
// finds nothing. And the operations live with the socket and call their listener directly, without
// allocating or copying handlers. One read and one write at a time. Used on the lane's thread.
class LaneSocket {
 public:
  // How the one read and the one write that may be under way end. Not called any more once the
  // socket is destroyed.
  class Listener {
   public:
    // How many bytes were read or written; 0 at the end of the stream, after an error, and after
    // `cancel`.
    virtual void on_read(std::size_t n) = 0;
    virtual void on_written(std::size_t n) = 0;
    // The event loop is being destroyed, and with it whoever waits.
    virtual void on_dropped() = 0;

   protected:
    ~Listener() = default;
  };

  LaneSocket(boost::asio::io_context& context, Descriptor descriptor, Listener& listener);
  ~LaneSocket();
  LaneSocket(const LaneSocket&) = delete;
  LaneSocket& operator=(const LaneSocket&) = delete;

  // Waits for bytes and puts them into `space`, which must outlive the read.
  void start_read(std::span<char> space);
  // Waits until some of `out`, which must outlive the write, can be sent, and sends it.
  void start_write(Outgoing& out);
  // Ends both.
  void cancel();

  // A client that closes right behind its request is not always noticed by the read that follows:
  // its end may have arrived before the request was read, and then brings no event. Called for
  // reads that have waited for some time.
  void look_again();

  // Whether the client has closed its side or is gone, though there may be more to read from it.
  bool has_hung_up() const;

  // Sends what goes in one system call, without waiting; what is left is for start_write(), which
  // lets others have their turn even if the client reads as fast as we send. False: the connection
  // is lost.
  bool write_now(Outgoing& out);

  void shut_down_writing();
  // Closing is then a reset.
  void reset_on_close();

 private:
  using Reactor = boost::asio::detail::reactor;
  struct ReadOperation;
  struct WriteOperation;

  Reactor& reactor_;
  Reactor::per_descriptor_data registration_{};
  Descriptor descriptor_;
  // Heap-allocated because the reactor may hold them a little longer than this lives.
  ReadOperation* read_;
  WriteOperation* write_;
};

}  // namespace wasm_server

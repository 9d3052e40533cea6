#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "http/transport/stream.h"
#include "http/transport/tls_context.h"

namespace wasm_server {

// TLS over TCP. The handshake is done by the first reads; what they are told to wait for is the
// client. Whoever speaks plain HTTP gets a line of it that says what is expected here.
class TlsStream final : public Stream {
 public:
  // `descriptor`: a connected stream socket that does not block.
  TlsStream(asio::io_context& loop, Descriptor descriptor, TlsContext::Ssl ssl);
  ~TlsStream() override;

  ssize_t read(std::span<char> space) override;
  ssize_t write(Outgoing& out) override;
  void shut_down_writing() override;
  bool has_buffered() const override { return has_buffered_; }
  bool has_unsent() const override { return !unsent_.empty(); }
  bool write_needs_input() const override { return write_needs_input_; }
  bool flush() override;
  void reset_on_close() override;

  // For OpenSSL, as BIO_read and BIO_write have it.
  int receive(std::span<char> space);
  int send(std::string_view records);
  bool is_at_end() const { return is_at_end_; }

 private:
  ssize_t lost();
  void say_goodbye();
  void answer_plain_http();

  std::string unsent_;  // records that the socket did not take yet
  TlsContext::Ssl ssl_;
  bool has_buffered_ = false;
  bool write_needs_input_ = false;
  bool is_at_end_ = false;  // of the socket
  bool has_failed_ = false;
  bool has_shut_down_ = false;
};

}  // namespace wasm_server

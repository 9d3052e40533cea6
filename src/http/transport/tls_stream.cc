#include "http/transport/tls_stream.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <openssl/bio.h>
#include <openssl/err.h>

namespace wasm_server {
namespace {

// As much as one record carries, and no more than four at once: others want their turn.
constexpr std::size_t kRecord = 16U << 10;
constexpr std::size_t kMaxAtOnce = 4 * kRecord;

TlsStream& stream_of(BIO* bio) { return *static_cast<TlsStream*>(BIO_get_data(bio)); }

int bio_read(BIO* bio, char* data, int size) {
  BIO_clear_retry_flags(bio);
  const int n = stream_of(bio).receive({data, static_cast<std::size_t>(size)});
  if (n < 0) BIO_set_retry_read(bio);
  return n;
}

int bio_write(BIO* bio, const char* data, int size) {
  BIO_clear_retry_flags(bio);
  return stream_of(bio).send({data, static_cast<std::size_t>(size)});
}

long bio_control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_EOF) return stream_of(bio).is_at_end() ? 1 : 0;
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

// The stream's socket as OpenSSL sees it. Made once, never freed.
BIO_METHOD* bio_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* const made = BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(), "stream");
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_ctrl(made, bio_control);
    return made;
  }();
  return method;
}

// Bytes of `out` for one record, without a copy where they lie together.
std::string_view next_record(const Outgoing& out, std::array<char, kRecord>& gathered) {
  const auto parts = out.parts();
  const std::string_view first(static_cast<const char*>(parts[0].data()), parts[0].size());
  if (parts.size() == 1 || first.size() >= kRecord) return first.substr(0, kRecord);
  std::size_t size = 0;
  for (const auto& part : parts) {
    const std::size_t n = std::min(part.size(), kRecord - size);
    std::memcpy(gathered.data() + size, part.data(), n);
    size += n;
  }
  return {gathered.data(), size};
}

}  // namespace

TlsStream::TlsStream(asio::io_context& loop, Descriptor descriptor, TlsContext::Ssl ssl)
    : Stream(loop, std::move(descriptor)), ssl_(std::move(ssl)) {
  BIO* const bio = BIO_new(bio_method());
  if (!ssl_ || bio == nullptr) throw std::bad_alloc();
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_accept_state(ssl_.get());
}

TlsStream::~TlsStream() { say_goodbye(); }

ssize_t TlsStream::read(std::span<char> space) {
  if (has_failed_) return kLost;
  if (space.empty()) return kWouldBlock;
  ERR_clear_error();
  std::size_t n = 0;
  const int done = SSL_read_ex(ssl_.get(), space.data(), space.size(), &n);
  has_buffered_ = done == 1 && SSL_has_pending(ssl_.get()) == 1;
  if (done == 1) return static_cast<ssize_t>(n);
  switch (SSL_get_error(ssl_.get(), done)) {
    case SSL_ERROR_WANT_READ:
      return kWouldBlock;
    case SSL_ERROR_ZERO_RETURN:
      return 0;
    default:
      return lost();
  }
}

ssize_t TlsStream::write(Outgoing& out) {
  if (has_failed_) return kLost;
  std::size_t total = 0;
  std::array<char, kRecord> gathered;
  while (flush() && unsent_.empty() && !out.empty() && total < kMaxAtOnce) {
    const std::string_view record = next_record(out, gathered);
    std::size_t n = 0;
    ERR_clear_error();
    const int done = SSL_write_ex(ssl_.get(), record.data(), record.size(), &n);
    write_needs_input_ = done != 1 && SSL_get_error(ssl_.get(), done) == SSL_ERROR_WANT_READ;
    if (write_needs_input_) break;
    if (done != 1) return lost();
    out.advance(n);
    total += n;
  }
  if (has_failed_) return kLost;
  return total > 0 ? static_cast<ssize_t>(total) : kWouldBlock;
}

void TlsStream::shut_down_writing() {
  say_goodbye();
  ::shutdown(socket().native_handle(), SHUT_WR);
}

void TlsStream::reset_on_close() {
  has_shut_down_ = true;  // a reset says nothing before
  Stream::reset_on_close();
}

// Tells the client that nothing was cut off, unless that is not so.
void TlsStream::say_goodbye() {
  if (std::exchange(has_shut_down_, true) || has_failed_ || !flush() || !unsent_.empty()) return;
  ERR_clear_error();
  if (SSL_is_init_finished(ssl_.get()) == 1) SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

bool TlsStream::flush() {
  while (!unsent_.empty() && !has_failed_) {
    const ssize_t n =
        ::send(socket().native_handle(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (n > 0) {
      unsent_.erase(0, static_cast<std::size_t>(n));
    } else if (errno == EAGAIN) {
      break;
    } else if (errno != EINTR) {
      has_failed_ = true;
    }
  }
  return !has_failed_;
}

int TlsStream::receive(std::span<char> space) {
  for (;;) {
    const ssize_t n = ::recv(socket().native_handle(), space.data(), space.size(), 0);
    if (n == 0) is_at_end_ = true;
    if (n >= 0) return static_cast<int>(n);
    if (errno == EAGAIN) return -1;
    if (errno != EINTR) {
      has_failed_ = true;
      return 0;
    }
  }
}

// Takes all: whoever sends asks has_unsent() before more.
int TlsStream::send(std::string_view records) {
  unsent_.append(records);
  flush();
  return static_cast<int>(records.size());
}

// After an error nothing may be done with the connection any more, not even a goodbye.
ssize_t TlsStream::lost() {
  const auto code = ERR_peek_error();
  if (ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == SSL_R_HTTP_REQUEST)
    answer_plain_http();
  ERR_clear_error();
  has_failed_ = true;
  return kLost;
}

void TlsStream::answer_plain_http() {
  const std::string body =
      R"({"type":"about:blank","title":"Bad Request","status":400,)"
      R"("detail":"this port takes TLS only: use https://","code":"bad-request"})";
  const std::string answer =
      "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n"
      "Content-Type: application/problem+json\r\nContent-Length: " +
      std::to_string(body.size()) + "\r\n\r\n" + body;
  (void)!::send(socket().native_handle(), answer.data(), answer.size(), MSG_NOSIGNAL);
  ::shutdown(socket().native_handle(), SHUT_WR);
}

}  // namespace wasm_server

// How a session reads a request's body, or gets rid of it.

#include <algorithm>
#include <array>

#include "http/session.h"

namespace wasm_server {
namespace {

// Bodies of requests that take none are read and ignored up to this size, and so are those of
// refused requests. One that is wanted may come as slowly as it likes up to this size.
constexpr std::uint64_t kSmallBody = 64U << 10;

}  // namespace

std::uint64_t Session::body_limit() const {
  return match_.body_allowed ? limits_.body_bytes : std::min(kSmallBody, limits_.body_bytes);
}

// A small body is on its way already, and read after the answer. Otherwise the connection ends with
// the answer: the client may be waiting for "100 Continue", or has more to send than is worth
// reading.
void Session::leave_body_unread() {
  const std::uint64_t length = parser_.content_length();
  if (parser_.is_chunked() || parser_.expects_continue() || length > kSmallBody) {
    keep_alive_ = false;
    lingers_ = true;
  } else {
    unread_body_ = length;
  }
}

// The hot path: no body, or a small one that came with its header.
Session::Step Session::take_small_body() {
  if (!has_body()) return Step::kGoOn;
  InputBuffer& input = connection_.input();
  const std::uint64_t length = parser_.content_length();
  if (parser_.is_chunked() || length > BodySink::kFree || length > input.pending().size()) {
    return Step::kNeedMore;
  }
  request_.body.assign(input.pending().substr(0, length));
  input.consume(length);
  return Step::kGoOn;
}

Task<Session::Step> Session::read_body(Reply& reply) {
  const std::size_t pending = connection_.input().pending().size();
  const bool arrived = parser_.is_chunked() ? pending > 0 : pending >= parser_.content_length();
  if (parser_.expects_continue() && !arrived) {
    const bool sent = co_await send_continue();
    if (!sent) co_return Step::kGone;
  }
  connection_.set_deadline(lane_.deadline(limits_.read_timeout));
  Step step = Step::kGoOn;
  if (parser_.is_chunked()) {
    step = co_await read_chunked_body(reply);
  } else {
    step = co_await read_sized_body(reply);
  }
  connection_.clear_deadline();
  if (step == Step::kGoOn) request_.body = sink_.take();
  co_return step;
}

Task<bool> Session::send_continue() {
  Outgoing out;
  out.add("HTTP/1.1 100 Continue\r\n\r\n");
  co_return co_await write_all(out);
}

Task<Session::Step> Session::read_sized_body(Reply& reply) {
  const std::uint64_t length = parser_.content_length();
  InputBuffer& input = connection_.input();
  const std::string_view ready = input.pending().substr(0, length);
  if (!sink_.append(ready)) co_return refuse_memory(reply);
  input.consume(ready.size());
  while (sink_.received() < length) {
    if (!sink_.make_room(length)) co_return refuse_memory(reply);
    const std::span<char> room = sink_.room(length);
    co_await connection_.read_into(room);
    if (!received_in_sink(room)) co_return on_incomplete_body(reply);
  }
  co_return Step::kGoOn;
}

Task<Session::Step> Session::read_chunked_body(Reply& reply) {
  InputBuffer& input = connection_.input();
  parser_.start_body(sink_, body_limit());
  for (;;) {
    std::size_t consumed = 0;
    const std::uint64_t before = sink_.received();
    const auto status = parser_.parse_body(input.pending(), consumed);
    input.consume(consumed);
    put_off_reading(sink_.received() - before);
    if (status == RequestParser::Status::kDone) co_return Step::kGoOn;
    if (status == RequestParser::Status::kFailed) {
      co_return answer_and_close(reply, parser_.failure().code, parser_.failure().message);
    }
    input.drop_behind(head_size_);
    bool more = false;
    if (parser_.chunk_left() > 0) {
      const std::uint64_t expected = sink_.received() + parser_.chunk_left();
      if (!sink_.make_room(expected)) co_return refuse_memory(reply);
      const std::span<char> room = sink_.room(expected);
      co_await connection_.read_into(room);
      more = received_in_sink(room);
    } else {
      if (input.room().empty()) {
        co_return answer_and_close(reply, ErrorCode::kHeadersTooLarge,
                                   "a chunk's header or the trailer is too large");
      }
      co_await connection_.fill();
      more = !connection_.has_ended();
    }
    if (!more) co_return on_incomplete_body(reply);
  }
}

// What has been read of a chunk's data, the parser is told.
bool Session::received_in_sink(std::span<char> room) {
  const std::size_t n = connection_.received();
  sink_.filled(n);
  put_off_reading(n);
  if (n > 0 && parser_.is_chunked()) parser_.took_chunk_data({room.data(), n});
  return n > 0;
}

// A small body holds hardly any memory, so each byte gives it the whole timeout again.
void Session::put_off_reading(std::uint64_t n) {
  if (n == 0) return;
  connection_.set_deadline(sink_.received() <= kSmallBody
                               ? lane_.deadline(limits_.read_timeout)
                               : put_off(connection_.deadline(), n, limits_.read_timeout));
}

Session::Step Session::refuse_memory(Reply& reply) {
  return answer_and_close(reply, ErrorCode::kOverloaded,
                          "too many large requests at the same time");
}

Session::Step Session::on_incomplete_body(Reply& reply) {
  if (!connection_.has_expired()) return Step::kGone;
  connection_.reopen();
  return answer_and_close(reply, ErrorCode::kRequestTimeout,
                          "the request's body did not arrive in time");
}

Task<bool> Session::discard_body() {
  InputBuffer& input = connection_.input();
  connection_.set_deadline(lane_.deadline(limits_.read_timeout));
  while (unread_body_ > 0) {
    const std::size_t n = std::min<std::uint64_t>(unread_body_, input.pending().size());
    input.consume(n);
    unread_body_ -= n;
    if (unread_body_ == 0) break;
    input.start_request();
    if (!input.make_room(1, limits_.header_bytes + 1)) co_return false;
    co_await connection_.fill();
    if (connection_.has_ended()) co_return false;
  }
  co_return true;
}

// Closing a socket that has unread input resets the connection, which can destroy the answer on its
// way. So the sending side is closed first, and what the client still sends is thrown away, within
// bounds.
Task<void> Session::linger() {
  constexpr std::size_t kMost = 16U << 20;
  constexpr std::chrono::milliseconds kLongest{2000};
  connection_.shut_down_writing();
  connection_.set_deadline(lane_.deadline(kLongest));
  std::array<char, 16U << 10> thrown_away;
  std::size_t total = 0;
  while (!connection_.has_ended() && total < kMost) {
    co_await connection_.read_into(thrown_away);
    total += connection_.received();
  }
}

}  // namespace wasm_server

#include "http/session.h"

#include <array>
#include <exception>
#include <optional>
#include <utility>

#include "http/transport/open_stream.h"

namespace wasm_server {

Session::Session(LoopState& loop, Descriptor socket, bool of_operator)
    : loop_(loop),
      limits_(loop.server().limits),
      connection_(loop.context(), open_stream(loop.context(), std::move(socket),
                                              of_operator ? nullptr : loop.server().tls.get())),
      body_(loop, connection_, parser_),
      exchange_(loop, *this) {
  exchange_.request().is_operator = of_operator;
  exchange_.request().is_secure = !of_operator && loop.server().tls != nullptr;
  loop_.add(*this);
}

Task<void> Session::serve(std::shared_ptr<LoopState> loop, [[maybe_unused]] ConnectionToken token,
                          Descriptor socket, bool of_operator) {
  Session session(*loop, std::move(socket), of_operator);
  co_await session.run();
}

Task<void> Session::refuse(std::shared_ptr<LoopState> loop, [[maybe_unused]] ConnectionToken token,
                           Descriptor socket, bool of_operator) {
  Session session(*loop, std::move(socket), of_operator);
  session.idle_ = false;
  Reply reply;
  session.answer_and_close(reply, ErrorCode::kOverloaded, "too many connections");
  const bool sent = co_await session.send(reply);
  if (sent) co_await session.linger();
}

// One request after the other, in this coroutine: one whose header and body are there, and whose
// answer the socket takes, passes through without another than its handler's.
Task<void> Session::run() {
  for (bool again = !loop_.server().stopping; again;) {
    start_request();
    Reply reply;
    Step step = parse_head(reply);
    while (step == Step::kNeedMore) {
      co_await connection_.readable();
      step = on_head_input(reply);
    }
    if (step == Step::kGoOn) step = check_head(reply);
    if (step == Step::kGoOn) step = take_body();
    if (step == Step::kNeedMore) step = co_await read_body(reply);
    if (step == Step::kGoOn) {
      if (std::optional<Task<Reply>> waiting = call_handler(reply)) {
        reply = co_await await_handler(*std::move(waiting));
      }
    }
    if (step == Step::kGone || body_.client_is_gone()) co_return;
    connection_.unwatch();
    exchange_.end(reply);
    bool sent = false;
    if (std::holds_alternative<std::unique_ptr<BodySource>>(reply.body)) {
      sent = co_await send_source(reply);
    } else {
      settle_body();
      Outgoing out = writer_.whole(reply, reply_context());
      if (loop_.has_others()) {
        // All that is ready is handled before anything is sent: a client on the same machine is
        // woken once for many answers, and does not take the core from the requests behind its own.
        reply.do_afterwards();
        co_await connection_.turn();
      }
      connection_.write(out);
      reply.do_afterwards();
      sent = connection_.can_write();
      if (sent && connection_.owes(out)) {
        write_deadline_ = loop_.deadline(limits_.write_timeout);
        sent = co_await write_rest(out);
      }
    }
    again = sent && keep_alive_;
    if (!sent && !breaks_off_) lingers_ = false;
    if (again && body_.rest() == RequestBody::Rest::kLittle) again = co_await body_.discard();
  }
  if (lingers_) co_await linger();
}

// A reply that is there at once, or the coroutine that will make it.
std::optional<Task<Reply>> Session::call_handler(Reply& reply) {
  try {
    Answer answer = exchange_.call();
    if (auto* waiting = std::get_if<Task<Reply>>(&answer)) return std::move(*waiting);
    reply = std::move(std::get<Reply>(answer));
  } catch (const std::exception& error) {
    reply = exchange_.refusal(ErrorCode::kInternal, "an internal error", error.what());
  }
  return std::nullopt;
}

Task<Reply> Session::await_handler(Task<Reply> waiting) {
  std::string failure;
  try {
    co_return co_await std::move(waiting);
  } catch (const std::exception& error) {
    failure = error.what();
  }
  co_return exchange_.refusal(ErrorCode::kInternal, "an internal error", std::move(failure));
}

void Session::start_request() {
  exchange_.reset();
  body_.reset();
  parser_.reset();
  connection_.input().start_request();
  idle_ = connection_.input().pending().empty();
  connection_.set_deadline(loop_.deadline(idle_ ? limits_.idle_timeout : limits_.header_timeout));
}

Session::Step Session::parse_head(Reply& reply) {
  InputBuffer& input = connection_.input();
  const auto status = parse_pending();
  if (status == RequestParser::Status::kNeedMore) {
    if (input.make_room(1, limits_.header_bytes + 1)) return Step::kNeedMore;
    return answer_and_close(reply, ErrorCode::kHeadersTooLarge,
                            "the request's header is too large");
  }
  connection_.clear_deadline();
  idle_ = false;
  if (status == RequestParser::Status::kDone) return Step::kGoOn;
  return answer_and_close(reply, parser_.failure().code, parser_.failure().message);
}

Session::Step Session::on_head_input(Reply& reply) {
  const std::size_t n = connection_.fill();
  if (connection_.has_ended()) return on_incomplete_head(reply);
  if (n == 0) return Step::kNeedMore;
  const Step step = parse_head(reply);
  if (step == Step::kNeedMore && idle_) {
    idle_ = false;
    connection_.set_deadline(loop_.deadline(limits_.header_timeout));
  }
  return step;
}

RequestParser::Status Session::parse_pending() {
  InputBuffer& input = connection_.input();
  if (input.consumed() == 0) {
    // Empty lines before a request are ignored (RFC 9112, section 2.2).
    while (input.pending().starts_with("\r\n")) input.consume(2);
    input.start_request();
  }
  if (input.pending().empty() || input.pending() == "\r") return RequestParser::Status::kNeedMore;
  std::size_t consumed = 0;
  const auto status =
      parser_.parse_head(input.start(), input.pending(), consumed, limits_.header_bytes);
  input.consume(consumed);
  return status;
}

// A client that sent nothing or left is not answered; one that was too slow is.
Session::Step Session::on_incomplete_head(Reply& reply) {
  if (idle_ || !connection_.has_expired()) return Step::kGone;
  connection_.reopen();
  return answer_and_close(reply, ErrorCode::kRequestTimeout,
                          "the request's header did not arrive in time");
}

Session::Step Session::check_head(Reply& reply) {
  InputBuffer& input = connection_.input();
  const std::size_t head_size = input.consumed();
  if (parser_.is_chunked()) {
    // Chunk headers and trailers come behind the header, which must not move any more.
    constexpr std::size_t kChunkHeaders = 4U << 10;
    input.make_room(kChunkHeaders,
                    limits_.header_bytes + 2 * kChunkHeaders + input.pending().size());
  }
  const auto status = parser_.fill_request(input.start(), exchange_.request());
  keep_alive_ = parser_.keep_alive() && !loop_.server().stopping.load(std::memory_order_relaxed);
  if (status == RequestParser::Status::kFailed) {
    return answer_and_close(reply, parser_.failure().code, parser_.failure().message);
  }
  const bool answered = exchange_.begin(parser_.content_length(), reply);
  body_.start(head_size, exchange_.body_limit());
  return answered ? Step::kAnswer : Step::kGoOn;
}

Session::Step Session::take_body() {
  Request& request = exchange_.request();
  if (exchange_.body_handling() == BodyHandling::kStreamed) {
    request.body_reader = &body_;
    return Step::kGoOn;
  }
  if (exchange_.coding() != ContentCoding::kIdentity) return Step::kNeedMore;
  return body_.take_small(request.body) ? Step::kGoOn : Step::kNeedMore;
}

Task<Session::Step> Session::read_body(Reply& reply) {
  Bytes& body = exchange_.request().body;
  const ContentCoding coding = exchange_.coding();
  auto reading = coding == ContentCoding::kIdentity ? body_.read_whole(body)
                                                    : body_.read_decoded(coding, body);
  const Result<void> read = co_await std::move(reading);
  if (read) co_return Step::kGoOn;
  if (body_.client_is_gone()) co_return Step::kGone;
  co_return answer_and_close(reply, read.error().code, read.error().message);
}

Session::Step Session::answer_and_close(Reply& reply, ErrorCode code, std::string message) {
  close_after_answer();
  body_.release_memory();  // now, not when the client has taken its answer
  reply = exchange_.refusal(code, std::move(message));
  return Step::kAnswer;
}

void Session::close_after_answer() {
  keep_alive_ = false;
  lingers_ = true;
}

// What the client may be waiting for "100 Continue" with, or is more than is worth reading, ends
// the connection. Where little is left, it is on its way, and read after the answer.
void Session::settle_body() {
  if (body_.rest() == RequestBody::Rest::kMuch) close_after_answer();
}

// Closing a socket that has unread input resets the connection, which can destroy the answer on its
// way. So the sending side is closed first, and what the client still sends is thrown away: the
// rest of a body that was refused, from a client that reads no answer before it has sent
// everything. A piece at a time costs hardly anything, so the bounds are wide.
Task<void> Session::linger() {
  constexpr std::size_t kMax = 256U << 20;
  constexpr std::chrono::seconds kLongest{10};
  connection_.shut_down_writing();
  connection_.set_deadline(loop_.deadline(kLongest));
  std::array<char, 16U << 10> thrown_away;
  std::size_t total = 0;
  while (!connection_.has_ended() && total < kMax) {
    co_await connection_.readable();
    total += connection_.read(thrown_away);
  }
}

// A client of HTTP/1.0 knows no interim answers.
void Session::watch(std::move_only_function<void()> gone) {
  constexpr std::string_view kInterim = "HTTP/1.1 102 Processing\r\n\r\n";
  connection_.watch(std::move(gone), parser_.is_http11() ? kInterim : std::string_view{});
}

void Session::watch_silently(std::move_only_function<void()> gone) {
  connection_.watch(std::move(gone), {});
}

void Session::unwatch() { connection_.unwatch(); }

PeerAddress Session::address() {
  if (!address_) address_ = connection_.peer_address();
  return *address_;
}

void Session::on_sweep(Moment now) { connection_.sweep(now); }

void Session::on_stop() {
  if (idle_) connection_.cut();
}

void Session::on_cut() { connection_.cut(); }

}  // namespace wasm_server

#include "http/session.h"

#include <exception>
#include <optional>
#include <utility>

namespace wasm_server {

Session::Session(LaneState& lane, Descriptor socket)
    : lane_(lane),
      limits_(lane.server().limits),
      connection_(lane.context(), std::move(socket)),
      sink_(lane.server().bodies) {
  request_.peer = this;
  lane_.add(*this);
}

Task<void> Session::serve(std::shared_ptr<LaneState> lane, [[maybe_unused]] ConnectionToken token,
                          Descriptor socket) {
  Session session(*lane, std::move(socket));
  co_await session.run();
}

Task<void> Session::refuse(std::shared_ptr<LaneState> lane, [[maybe_unused]] ConnectionToken token,
                           Descriptor socket) {
  Session session(*lane, std::move(socket));
  session.lane_.request_ids().next(session.request_id_);
  session.request_.request_id = session.request_id_;
  session.idle_ = false;
  Reply reply;
  session.answer_and_close(reply, ErrorCode::kOverloaded, "too many connections");
  const bool sent = co_await session.send(reply);
  if (sent) co_await session.linger();
}

Task<void> Session::run() {
  bool again = !lane_.server().stopping;
  while (again) again = co_await exchange();
  if (lingers_) co_await linger();
}

// A request whose header and body are there, and whose answer the socket takes, passes through
// without another coroutine than its handler.
Task<bool> Session::exchange() {
  start_request();
  Reply reply;
  Step step = parse_head(reply);
  while (step == Step::kNeedMore) {
    co_await connection_.fill();
    step = on_head_input(reply);
  }
  if (step == Step::kGoOn) step = check_head(reply);
  if (step == Step::kGoOn) step = take_small_body();
  if (step == Step::kNeedMore) step = co_await read_body(reply);
  if (step == Step::kGone) co_return false;
  if (step == Step::kGoOn) {
    try {
      Answer answer = (*match_.handler)(request_);
      if (auto* ready = std::get_if<Reply>(&answer)) {
        reply = std::move(*ready);
      } else {
        Task<Reply>& waiting = std::get<Task<Reply>>(answer);
        reply = co_await std::move(waiting);
      }
    } catch (const std::exception& error) {
      on_handler_failure(reply, error.what());
    }
  }
  bool sent = false;
  if (!std::holds_alternative<std::unique_ptr<BodySource>>(reply.body)) {
    Outgoing out = render(reply);
    if (lane_.has_others()) {
      // All that is ready is handled before anything is sent: a client on the same machine is woken
      // once for many answers, and does not take the core from the requests behind its own.
      reply.do_afterwards();
      co_await connection_.turn();
    }
    sent = connection_.write_now(out);
    reply.do_afterwards();
    if (sent && !out.empty()) {
      write_deadline_ = lane_.deadline(limits_.write_timeout);
      sent = co_await write_rest(out);
    }
  } else {
    sent = co_await send_source(reply);
  }
  connection_.unwatch();
  if (!sent) lingers_ = false;
  if (!sent || !keep_alive_) co_return false;
  if (unread_body_ > 0) co_return co_await discard_body();
  co_return true;
}

void Session::start_request() {
  constexpr std::size_t kKeptBody = 4U << 10;
  if (request_.body.capacity() > kKeptBody) request_.body = Bytes();
  request_.body.clear();
  // The former request's views are of bytes that may be overwritten from now on.
  request_.method = Method::kGet;
  request_.path = request_.query = request_.request_id = request_.id = {};
  request_.headers.clear();
  sink_.release();
  parser_.reset();
  connection_.input().start_request();
  idle_ = connection_.input().pending().empty();
  connection_.set_deadline(lane_.deadline(idle_ ? limits_.idle_timeout : limits_.header_timeout));
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
  head_size_ = input.consumed();
  if (status == RequestParser::Status::kDone) return Step::kGoOn;
  return answer_and_close(reply, parser_.failure().code, parser_.failure().message);
}

Session::Step Session::on_head_input(Reply& reply) {
  if (connection_.has_ended()) return on_incomplete_head(reply);
  const Step step = parse_head(reply);
  if (step == Step::kNeedMore && idle_) {
    idle_ = false;
    connection_.set_deadline(lane_.deadline(limits_.header_timeout));
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
  if (parser_.is_chunked()) {
    // Chunk headers and trailers come behind the header, which must not move any more.
    constexpr std::size_t kChunkHeaders = 4U << 10;
    input.make_room(kChunkHeaders,
                    limits_.header_bytes + 2 * kChunkHeaders + input.pending().size());
  }
  const auto status = parser_.fill_request(input.start(), request_);
  choose_request_id();
  keep_alive_ = parser_.keep_alive() && !lane_.server().stopping.load(std::memory_order_relaxed);
  if (status == RequestParser::Status::kFailed) {
    return answer_and_close(reply, parser_.failure().code, parser_.failure().message);
  }
  match_ = lane_.router().match(request_.method, request_.path);
  request_.id = match_.id;
  const Step step = check_match(reply);
  if (step == Step::kAnswer && has_body()) leave_body_unread();
  return step;
}

Session::Step Session::check_match(Reply& reply) {
  switch (match_.outcome) {
    case Router::Outcome::kHandler:
      break;
    case Router::Outcome::kBadPath:
      return answer(reply, ErrorCode::kBadRequest, "the path is not a valid one");
    case Router::Outcome::kNotFound:
      return answer(reply, ErrorCode::kNotFound, "there is nothing at this path");
    case Router::Outcome::kOptions:
      reply.status = 204;
      reply.add_header("Allow", match_.allow);
      return Step::kAnswer;
    case Router::Outcome::kMethodNotAllowed:
      answer(reply, ErrorCode::kMethodNotAllowed, "this method is not for this path");
      reply.add_header("Allow", match_.allow);
      return Step::kAnswer;
  }
  if (parser_.content_length() > body_limit()) {
    return answer(reply, ErrorCode::kPayloadTooLarge, "the request's body is too large");
  }
  return Step::kGoOn;
}

void Session::choose_request_id() {
  request_.request_id = request_.header("x-request-id");
  if (is_request_id(request_.request_id)) return;
  lane_.request_ids().next(request_id_);
  request_.request_id = request_id_;
}

void Session::on_handler_failure(Reply& reply, const char* what) {
  reply = problem(Error{ErrorCode::kInternal, "an internal error", what}, request_.request_id);
}

Session::Step Session::answer(Reply& reply, ErrorCode code, std::string message) {
  reply = problem(Error{code, std::move(message)}, request_.request_id);
  return Step::kAnswer;
}

Session::Step Session::answer_and_close(Reply& reply, ErrorCode code, std::string message) {
  if (request_.request_id.empty()) {
    lane_.request_ids().next(request_id_);
    request_.request_id = request_id_;
  }
  keep_alive_ = false;
  lingers_ = true;
  sink_.release();  // now, not when the client has taken its answer
  return answer(reply, code, std::move(message));
}

void Session::watch(std::move_only_function<void()> gone) { connection_.watch(std::move(gone)); }

void Session::unwatch() { connection_.unwatch(); }

void Session::on_sweep(Moment now) { connection_.sweep(now); }

void Session::on_stop() {
  if (idle_) connection_.cut();
}

void Session::on_cut() { connection_.cut(); }

}  // namespace wasm_server

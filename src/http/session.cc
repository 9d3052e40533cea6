#include "http/session.h"

#include <exception>
#include <optional>
#include <utility>

namespace wasm_server {

Session::Session(LaneState& lane, Socket socket)
    : lane_(lane),
      limits_(lane.server().limits),
      connection_(std::move(socket)),
      sink_(lane.server().bodies) {
  request_.peer = this;
  lane_.add(*this);
}

Task<void> Session::serve(std::shared_ptr<LaneState> lane, [[maybe_unused]] ConnectionToken token,
                          Socket socket) {
  Session session(*lane, std::move(socket));
  co_await session.run();
}

Task<void> Session::refuse(std::shared_ptr<LaneState> lane, [[maybe_unused]] ConnectionToken token,
                           Socket socket) {
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
  co_await connection_.finish();
  if (lingers_) co_await linger();
}

Task<bool> Session::exchange() {
  start_request();
  Reply reply;
  Step step = co_await read_head(reply);
  if (step == Step::kGoOn) step = check_head(reply);
  if (step == Step::kGoOn && has_body()) step = co_await read_body(reply);
  if (step == Step::kGoOn) step = co_await handle(reply);
  if (step == Step::kGone) co_return false;
  const bool sent = co_await send(reply);
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
  request_.id = {};
  sink_.release();
  parser_.reset();
  connection_.input().start_request();
  idle_ = connection_.input().pending().empty();
  connection_.set_deadline(lane_.deadline(idle_ ? limits_.idle_timeout : limits_.header_timeout));
}

Task<Session::Step> Session::read_head(Reply& reply) {
  InputBuffer& input = connection_.input();
  auto status = parse_head();
  while (status == RequestParser::Status::kNeedMore) {
    if (!input.make_room(1, limits_.header_bytes + 1)) {
      co_return answer_and_close(reply, ErrorCode::kHeadersTooLarge,
                                 "the request's header is too large");
    }
    const bool more = co_await connection_.fill();
    if (!more) co_return on_incomplete_head(reply);
    status = parse_head();
    if (idle_) connection_.set_deadline(lane_.deadline(limits_.header_timeout));
    idle_ = false;
  }
  connection_.clear_deadline();
  head_size_ = input.consumed();
  if (status == RequestParser::Status::kDone) co_return Step::kGoOn;
  co_return answer_and_close(reply, parser_.failure().code, parser_.failure().message);
}

RequestParser::Status Session::parse_head() {
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
  connection_.reopen_for_writing();
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

Task<Session::Step> Session::handle(Reply& reply) {
  std::string failure;
  try {
    reply = co_await (*match_.handler)(request_);
    co_return Step::kGoOn;
  } catch (const std::exception& error) {
    failure = error.what();
  }
  reply = problem(Error{ErrorCode::kInternal, "an internal error", std::move(failure)},
                  request_.request_id);
  co_return Step::kAnswer;
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
  return answer(reply, code, std::move(message));
}

void Session::watch(std::move_only_function<void()> gone) { connection_.watch(std::move(gone)); }

void Session::unwatch() { connection_.unwatch(); }

void Session::on_sweep(Moment now) {
  if (now >= connection_.deadline()) connection_.expire();
}

void Session::on_stop() {
  if (idle_) connection_.cut();
}

void Session::on_cut() { connection_.cut(); }

}  // namespace wasm_server

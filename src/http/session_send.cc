// How a session sends an answer.

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

#include "base/log.h"
#include "http/session.h"

namespace wasm_server {

ReplyWriter::Context Session::reply_context() {
  if (loop_.server().stopping.load(std::memory_order_relaxed)) keep_alive_ = false;
  const Request& request = exchange_.request();
  ReplyWriter::Context context;
  context.date_line = loop_.date_line();
  context.request_id = request.request_id;
  context.is_http11 = parser_.is_http11();
  context.is_head = request.method == Method::kHead;
  context.keeps_alive = keep_alive_;
  return context;
}

// An answer that is in memory.
Task<bool> Session::send(Reply& reply) {
  settle_body();
  Outgoing out = writer_.whole(reply, reply_context());
  connection_.write(out);
  write_deadline_ = loop_.deadline(limits_.write_timeout);
  co_return co_await write_rest(out);
}

// The header goes out with the first piece, so that a source which fails at once is still answered
// as an error. A source may be made of the request's body, which is read on meanwhile.
Task<bool> Session::send_source(Reply& reply) {
  BodySource& source = *std::get<std::unique_ptr<BodySource>>(reply.body);
  if (ReplyWriter::omits_body(reply, reply_context())) co_return co_await send(reply);
  const std::optional<std::uint64_t> size = source.size();
  if (!size && !parser_.is_http11()) keep_alive_ = false;
  write_deadline_ = loop_.deadline(limits_.write_timeout);
  std::uint64_t sent = 0;
  const bool header_first = source.sends_header_first();
  if (header_first) {
    body_.on_answer_begun();
    writer_.start(reply, size, reply_context());
    Outgoing out = writer_.header();
    connection_.write(out);
    const bool open = co_await write_rest(out);
    if (!open) co_return false;
  }
  for (bool first = !header_first;; first = false) {
    const Result<ByteView> piece = co_await next_piece(source);
    if (body_.client_is_gone()) co_return false;
    if (!piece && first) {
      Reply failure =
          exchange_.refusal(piece.error().code, piece.error().message, piece.error().log);
      exchange_.end(failure);
      co_return co_await send(failure);
    }
    if (!piece) co_return cut_short(body_.has_failed() ? "" : piece.error().message);
    const bool last = piece->empty();
    sent += piece->size();
    if (size && (sent > *size || (last && sent != *size))) {
      co_return cut_short("a body of another size than announced");
    }
    if (first) writer_.start(reply, size, reply_context());
    body_.on_answer_begun();
    Outgoing out = last ? writer_.end(source.trailers()) : writer_.piece(*piece);
    const Moment latest = source.deadline();
    // Without a size it is one that makes its bytes as it goes, and may take its time between them.
    if (!size || exchange_.request().body_reader != nullptr) {
      write_deadline_ = loop_.deadline(limits_.write_timeout);
    }
    if (first) connection_.write(out);
    // In turn with the loop's other connections.
    const bool open = co_await write_rest(out, latest);
    if (!open || last) {
      if (open) settle_body();
      co_return open;
    }
  }
}

Task<Result<ByteView>> Session::next_piece(BodySource& source) {
  std::string failure;
  try {
    co_return co_await source.next();
  } catch (const std::exception& error) {
    failure = error.what();
  }
  co_return fail(ErrorCode::kInternal, "an internal error", std::move(failure));
}

bool Session::cut_short(std::string_view reason) {
  if (!reason.empty()) {
    std::string text = "request ";
    text.append(exchange_.request().request_id).append(": answer cut short: ").append(reason);
    log_error(text);
  }
  // Where the framing tells that the end is missing, what was sent before it must still arrive,
  // which a reset could prevent. A body that ends with the connection needs one.
  if (parser_.is_http11()) {
    keep_alive_ = false;
    lingers_ = breaks_off_ = true;
  } else {
    connection_.reset_on_close();
  }
  return false;
}

Task<bool> Session::write_rest(Outgoing& out, Moment latest) {
  while (connection_.can_write() && connection_.owes(out)) {
    connection_.set_deadline(std::min(write_deadline_, latest));
    co_await connection_.writable();
    const std::size_t n = connection_.write(out);
    write_deadline_ = loop_.put_off(write_deadline_, n, limits_.write_timeout);
  }
  connection_.clear_deadline();
  co_return connection_.can_write();
}

}  // namespace wasm_server

// How a session sends an answer.

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

#include "base/log.h"
#include "http/head.h"
#include "http/session.h"

namespace wasm_server {
namespace {

// Up to this size a body is copied behind its header: cheaper than a second part in the system
// call.
constexpr std::size_t kCopied = 8U << 10;

std::string_view body_view(const Reply& reply) {
  if (const auto* bytes = std::get_if<Bytes>(&reply.body)) return *bytes;
  const auto* shared = std::get_if<SharedBytes>(&reply.body);
  return shared != nullptr && *shared ? std::string_view(**shared) : std::string_view{};
}

bool has_no_length(unsigned status) { return status == 204 || status == 304; }

}  // namespace

bool Session::omits_body(const Reply& reply) const {
  return request_.method == Method::kHead || has_no_length(reply.status);
}

void Session::render_head(const Reply& reply, std::optional<std::uint64_t> length, bool chunked) {
  HeadFields fields;
  fields.date_line = lane_.date_line();
  fields.request_id = request_.request_id;
  if (lane_.server().stopping.load(std::memory_order_relaxed)) keep_alive_ = false;
  if (!keep_alive_) fields.connection = "close";
  if (keep_alive_ && !parser_.is_http11()) fields.connection = "keep-alive";
  if (!has_no_length(reply.status)) fields.content_length = length;
  fields.chunked = chunked;
  out_.clear();
  append_head(out_, reply, fields);
}

Outgoing Session::render(const Reply& reply) {
  const std::string_view body = body_view(reply);
  const bool omitted = omits_body(reply);
  render_head(reply, omitted ? reply.head_length.value_or(body.size()) : body.size(), false);
  Outgoing out;
  if (!omitted && body.size() <= kCopied) {
    out_ += body;
    out.add(out_);
  } else {
    out.add(out_);
    if (!omitted) out.add(body);
  }
  return out;
}

Task<bool> Session::send(Reply& reply) {
  const Outgoing out = render(reply);
  co_return co_await write_all(out);
}

// The header goes out with the first piece, so that a source which fails at once is still answered
// as an error.
Task<bool> Session::send_source(Reply& reply) {
  BodySource& source = *std::get<std::unique_ptr<BodySource>>(reply.body);
  const std::optional<std::uint64_t> size = source.size();
  const bool omitted = omits_body(reply);
  const bool chunked = !size && parser_.is_http11() && !omitted;
  if (!size && !chunked && !omitted) keep_alive_ = false;
  if (omitted) {
    render_head(reply, size ? size : reply.head_length, false);
    Outgoing out;
    out.add(out_);
    co_return co_await write_all(out);
  }
  write_deadline_ = lane_.deadline(limits_.write_timeout);
  std::uint64_t sent = 0;
  for (bool first = true;; first = false) {
    const Result<ByteView> piece = co_await next_piece(source);
    if (!piece && first) {
      Reply failure = problem(piece.error(), request_.request_id);
      co_return co_await send(failure);
    }
    const bool last = piece && piece->empty();
    const bool wrong_size =
        size && piece && (sent + piece->size() > *size || (last && sent != *size));
    if (!piece || wrong_size)
      co_return cut_short(piece ? "a body of another size than announced" : piece.error().message);
    if (first) {
      render_head(reply, size, chunked);
    } else {
      out_.clear();
    }
    sent += piece->size();
    if (chunked && !last) append_chunk_size(out_, piece->size());
    if (chunked && last) out_.append("0\r\n").append(source.trailers()).append("\r\n");
    Outgoing out;
    out.add(out_);
    out.add(*piece);
    if (chunked && !last) out.add("\r\n");
    const Moment latest = source.deadline();
    // Without a size it is one that makes its bytes as it goes, and may take its time between them.
    if (!size) write_deadline_ = lane_.deadline(limits_.write_timeout);
    bool open = true;
    if (first) open = connection_.write_now(out);
    if (open && !out.empty()) {
      open = co_await write_rest(out, latest);  // in turn with the lane's other connections
    }
    if (!open || last) co_return open;
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
  std::string text = "request ";
  text.append(request_.request_id).append(": answer cut short: ").append(reason);
  log_error(text);
  connection_.reset_on_close();
  return false;
}

Task<bool> Session::write_all(Outgoing out) {
  const bool open = connection_.write_now(out);
  if (!open || out.empty()) co_return open;
  write_deadline_ = lane_.deadline(limits_.write_timeout);
  co_return co_await write_rest(out);
}

Moment Session::put_off(Moment deadline, std::uint64_t n, std::chrono::milliseconds timeout) const {
  constexpr std::chrono::nanoseconds kSecond = std::chrono::seconds(1);
  const auto earned = kSecond * static_cast<std::int64_t>(n) / kLowestRate;
  return std::min(deadline, lane_.deadline(timeout) - earned) + earned;
}

Task<bool> Session::write_rest(Outgoing& out, Moment latest) {
  while (connection_.can_write() && !out.empty()) {
    connection_.set_deadline(std::min(write_deadline_, latest));
    co_await connection_.write_some(out);
    write_deadline_ = put_off(write_deadline_, connection_.sent(), limits_.write_timeout);
  }
  connection_.clear_deadline();
  co_return connection_.can_write();
}

}  // namespace wasm_server

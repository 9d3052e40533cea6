#include "http/request_body.h"

#include <algorithm>
#include <utility>

namespace wasm_server {
namespace {

// Of `next`; more would make the other connections of the loop wait.
constexpr std::size_t kPiece = 64U << 10;

constexpr const char* kNoMemory = "too many large requests at the same time";

}  // namespace

RequestBody::RequestBody(LoopState& loop, Connection& connection, RequestParser& parser)
    : loop_(loop),
      connection_(connection),
      parser_(parser),
      timeout_(loop.server().limits.read_timeout),
      account_(loop.server().bodies),
      sink_(account_) {}

void RequestBody::reset() {
  release_memory();
  decoder_ = {};
  received_ = 0;
  begun_ = answer_begun_ = gone_ = waits_ = interrupted_ = false;
  failure_.reset();
}

void RequestBody::release_memory() {
  sink_.release();
  account_.release(std::exchange(decoder_charge_, 0));
  if (!piece_) return;
  account_.release(kPiece);
  piece_.reset();
}

void RequestBody::start(std::size_t head_size, std::uint64_t limit) {
  head_size_ = head_size;
  limit_ = limit;
  decoder_.start(parser_, limit);
}

bool RequestBody::take_small(Bytes& body) {
  if (decoder_.has_ended()) return true;
  InputBuffer& input = connection_.input();
  const std::uint64_t length = decoder_.expected();
  if (decoder_.is_chunked() || length > BodySink::kFree || length > input.pending().size()) {
    return false;
  }
  body.assign(input.pending().substr(0, length));
  decoder_.took(body);
  input.consume(length);
  return true;
}

// A client that waits for "100 Continue" gets it, unless it did not wait.
Task<bool> RequestBody::begin() {
  begun_ = true;
  if (!account_.has_client()) account_.set_client(connection_.peer_address());
  const std::size_t pending = connection_.input().pending().size();
  const bool arrived = decoder_.is_chunked() ? pending > 0 : pending >= decoder_.expected();
  connection_.set_deadline(loop_.deadline(timeout_));
  if (!parser_.expects_continue() || arrived || answer_begun_) co_return true;
  Outgoing out;
  out.add("HTTP/1.1 100 Continue\r\n\r\n");
  connection_.write(out);
  while (connection_.can_write() && !out.empty()) {
    co_await connection_.writable();
    connection_.write(out);
  }
  if (!connection_.can_write()) on_client_gone();
  co_return connection_.can_write();
}

Task<Result<void>> RequestBody::read_whole(Bytes& body) {
  bool open = co_await begin();
  while (open) {
    std::string_view data;
    const Status status = decode(data);
    if (status == Status::kEnd) {
      connection_.clear_deadline();
      body = sink_.take();
      co_return Result<void>{};
    }
    if (status == Status::kFailed) break;
    if (status == Status::kData) {
      if (!sink_.append(data)) co_return failed(ErrorCode::kOverloaded, kNoMemory);
    } else if (const std::uint64_t expected = decoder_.expected(); expected > 0) {
      if (!sink_.make_room(sink_.received() + expected)) {
        co_return failed(ErrorCode::kOverloaded, kNoMemory);
      }
      const std::size_t n = co_await receive_data(sink_.room(sink_.received() + expected));
      sink_.filled(n);
      open = !failure_;
    } else {
      open = co_await receive_framing();
    }
  }
  connection_.clear_deadline();
  co_return std::unexpected{*failure_};
}

// Between two steps, of which each makes a bounded amount, the loop's other connections have their
// turn, for a few bytes may stand for many.
Task<Result<void>> RequestBody::read_decoded(ContentCoding coding, Bytes& body) {
  const std::unique_ptr<ContentDecoder> decoder = make_content_decoder(coding);
  for (;;) {
    const Result<ByteView> arrived = co_await next();
    if (!arrived) co_return std::unexpected{arrived.error()};
    if (arrived->empty()) break;
    std::string_view piece = *arrived;
    Undone undone = undo(*decoder, piece);
    while (undone == Undone::kMore) {
      co_await connection_.turn();
      undone = undo(*decoder, piece);
    }
    if (undone == Undone::kFailed) co_return std::unexpected{*failure_};
  }
  if (received_ > 0 && !decoder->is_complete()) {
    co_return failed(ErrorCode::kBadRequest, "the compressed body ends before its end");
  }
  account_.release(std::exchange(decoder_charge_, 0));
  body = sink_.take();
  co_return Result<void>{};
}

// One step.
RequestBody::Undone RequestBody::undo(ContentDecoder& decoder, std::string_view& piece) {
  const std::uint64_t expected = sink_.received() + kPiece;
  if (!charge_decoder(decoder) || !sink_.make_room(expected)) {
    failure_ = Error{ErrorCode::kOverloaded, kNoMemory};
    return Undone::kFailed;
  }
  const std::span<char> room = sink_.room(expected);
  const auto step = decoder.decode(piece, room);
  const bool stuck = step && !piece.empty() && step->consumed + step->produced == 0;
  if (!step || stuck) {
    failure_ = Error{ErrorCode::kBadRequest, "the body is not of its Content-Encoding"};
    return Undone::kFailed;
  }
  piece.remove_prefix(step->consumed);
  sink_.filled(step->produced);
  if (sink_.received() > limit_) {
    failure_ = Error{ErrorCode::kPayloadTooLarge, "the request's plain body is too large"};
    return Undone::kFailed;
  }
  const bool more = !piece.empty() || step->produced == room.size();
  return more ? Undone::kMore : Undone::kUsedUp;
}

bool RequestBody::charge_decoder(const ContentDecoder& decoder) {
  const std::uint64_t held = decoder.memory();
  if (held <= decoder_charge_) return true;
  if (!account_.take(held - decoder_charge_)) return false;
  decoder_charge_ = held;
  return true;
}

std::optional<std::uint64_t> RequestBody::size() const {
  if (parser_.is_chunked()) return std::nullopt;
  return parser_.content_length();
}

// The time that the handler takes is not the client's.
Task<Result<ByteView>> RequestBody::next() {
  if (failure_) co_return std::unexpected{*failure_};
  if (!begun_ && !decoder_.has_ended()) {
    const bool open = co_await begin();
    if (!open) co_return std::unexpected{*failure_};
  } else {
    resume_clock();
  }
  waits_ = true;
  Result<ByteView> piece = co_await next_piece();
  waits_ = interrupted_ = false;
  stop_clock();
  co_return piece;
}

void RequestBody::resume_clock() { connection_.set_deadline(loop_.now() + time_left_); }

void RequestBody::stop_clock() {
  time_left_ = connection_.deadline() - loop_.now();
  connection_.clear_deadline();
}

Task<Result<ByteView>> RequestBody::next_piece() {
  for (bool open = true; open;) {
    std::string_view data;
    const Status status = decode(data);
    if (status == Status::kData || status == Status::kEnd) co_return ByteView(data);
    if (status == Status::kNeedMore && interrupted_) co_return ByteView();
    if (status == Status::kFailed) break;
    if (decoder_.expected() > 0) {
      if (!make_piece_room()) co_return failed(ErrorCode::kOverloaded, kNoMemory);
      const std::size_t size = std::min<std::uint64_t>(kPiece, decoder_.expected());
      const std::size_t n = co_await receive_data({piece_.get(), size});
      if (n > 0) co_return ByteView(piece_.get(), n);
      open = !failure_;
    } else {
      open = co_await receive_framing();
    }
  }
  co_return std::unexpected{*failure_};
}

// A client that waits to be told is told by next(), when somebody wants its body.
ByteView RequestBody::arrived() {
  std::string_view data;
  if (failure_ || decoder_.has_ended() || (parser_.expects_continue() && !begun_)) return data;
  if (!begun_) time_left_ = timeout_;
  resume_clock();
  decode(data);
  stop_clock();
  return data;
}

void RequestBody::interrupt() {
  if (!waits_ || interrupted_) return;
  interrupted_ = true;
  connection_.interrupt();
}

RequestBody::Status RequestBody::decode(std::string_view& data) {
  std::size_t consumed = 0;
  const Status status = decoder_.decode(connection_.input().pending(), consumed, data);
  connection_.input().consume(consumed);
  on_arrival(data.size());
  if (status == Status::kFailed) {
    failure_ = Error{decoder_.failure().code, decoder_.failure().message};
  }
  return status;
}

// Waits for more of what stands between the data of chunks, and at first some of that. False, with
// the failure, when none will come.
Task<bool> RequestBody::receive_framing() {
  InputBuffer& input = connection_.input();
  input.drop_behind(head_size_);
  if (input.room().empty()) {
    failure_ = Error{ErrorCode::kHeadersTooLarge, "a chunk's header or the trailer is too large"};
    co_return false;
  }
  co_await connection_.readable();
  connection_.fill();
  if (connection_.has_ended()) on_input_end();
  co_return !failure_;
}

// Waits for data and puts it into its place. 0: perhaps later, or with the failure, when none will
// come.
Task<std::size_t> RequestBody::receive_data(std::span<char> room) {
  co_await connection_.readable();
  const std::size_t n = connection_.read(room);
  if (n > 0) decoder_.took({room.data(), n});
  on_arrival(n);
  if (connection_.has_ended()) on_input_end();
  co_return n;
}

bool RequestBody::make_piece_room() {
  if (piece_) return true;
  if (!account_.take(kPiece)) return false;
  piece_ = std::make_unique_for_overwrite<char[]>(kPiece);
  return true;
}

// A small body holds hardly any memory, so each byte gives it the whole timeout again.
void RequestBody::on_arrival(std::size_t n) {
  if (n == 0) return;
  received_ += n;
  connection_.set_deadline(received_ <= kSmallBody
                               ? loop_.deadline(timeout_)
                               : loop_.put_off(connection_.deadline(), n, timeout_));
}

void RequestBody::on_input_end() {
  if (connection_.has_expired()) {
    connection_.reopen();
    failure_ = Error{ErrorCode::kRequestTimeout, "the request's body did not arrive in time"};
  } else {
    on_client_gone();
  }
}

void RequestBody::on_client_gone() {
  gone_ = true;
  failure_ = Error{ErrorCode::kBadRequest, "the request's body ended early"};
}

std::unexpected<Error> RequestBody::failed(ErrorCode code, std::string message) {
  connection_.clear_deadline();
  failure_ = Error{code, std::move(message)};
  return std::unexpected{*failure_};
}

RequestBody::Rest RequestBody::rest() const {
  if (decoder_.has_ended()) return Rest::kNone;
  const bool waits = parser_.expects_continue() && !begun_;
  if (failure_ || waits || decoder_.is_chunked() || decoder_.expected() > kSmallBody) {
    return Rest::kMuch;
  }
  return Rest::kLittle;
}

Task<bool> RequestBody::discard() {
  InputBuffer& input = connection_.input();
  connection_.set_deadline(loop_.deadline(timeout_));
  while (!decoder_.has_ended()) {
    std::string_view data;
    std::size_t consumed = 0;
    if (decoder_.decode(input.pending(), consumed, data) == Status::kData) {
      input.consume(consumed);
      continue;
    }
    input.start_request();
    if (!input.make_room(1, kSmallBody)) co_return false;
    co_await connection_.readable();
    connection_.fill();
    if (connection_.has_ended()) co_return false;
  }
  co_return true;
}

}  // namespace wasm_server

#include "handlers/http/answer_body.h"

#include "handlers/http/handler_failure.h"

namespace wasm_server {

AnswerBody::AnswerBody(std::shared_ptr<HandlerCall> call) : call_(std::move(call)) {
  GuestExchange& exchange = call_->exchange();
  const AnswerHead& head = **exchange.head();
  size_ = head.content_length;
  if (exchange.omits_body(head) && head.status == 205) size_ = 0;
  header_first_ = exchange.output().buffered() == 0 && !exchange.is_complete();
}

// The session cuts the answer short after an error.
Task<Result<ByteView>> AnswerBody::next() {
  const Result<ByteView> piece = co_await call_->next_piece();
  if (!piece) co_return piece;
  given_ += piece->size();
  const bool is_wrong = size_ && (given_ > *size_ || (piece->empty() && given_ < *size_));
  if (is_wrong) co_return std::unexpected{wrong_length()};
  co_return piece;
}

HeaderFields AnswerBody::trailers() {
  GuestExchange& exchange = call_->exchange();
  return (*exchange.head())->announces_trailers ? exchange.trailers() : HeaderFields{};
}

Task<Result<ByteView>> BodyWithTrailers::next() {
  if (given_) body_.clear();
  given_ = true;
  co_return ByteView(body_);
}

}  // namespace wasm_server

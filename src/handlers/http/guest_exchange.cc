#include "handlers/http/guest_exchange.h"

#include <utility>

namespace wasm_server {

void GuestExchange::tell() {
  if (listening_.exchange(false)) output_.wake();
}

HttpExchange::BodyRead GuestExchange::read_body(ByteView& piece) {
  const BodyRead read = body_.read(piece);
  tell();
  return read;
}

void GuestExchange::begin(unsigned status, HttpFields fields) {
  {
    const std::lock_guard lock(mutex_);
    if (head_) return;
    head_ = make_answer_head(status, fields);
    drops_body_ = !*head_ || omits_body(**head_);
  }
  tell();
}

bool GuestExchange::ready() { return drops_body_ || output_.ready(); }

void GuestExchange::write(ByteView bytes) {
  if (drops_body_) return;
  output_.write(bytes);
  tell();
}

void GuestExchange::end(HttpFields trailers) {
  {
    const std::lock_guard lock(mutex_);
    if (!head_ || complete_) return;
    trailers_ = make_trailers(trailers);
    complete_ = true;
  }
  tell();
}

const Result<AnswerHead>* GuestExchange::head() {
  const std::lock_guard lock(mutex_);
  return head_ ? &*head_ : nullptr;
}

bool GuestExchange::is_complete() {
  const std::lock_guard lock(mutex_);
  return complete_;
}

}  // namespace wasm_server

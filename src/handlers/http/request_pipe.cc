#include "handlers/http/request_pipe.h"

#include <utility>

namespace wasm_server {

using BodyRead = HttpExchange::BodyRead;

BodyRead RequestPipe::read(ByteView& piece) {
  const std::lock_guard lock(mutex_);
  asked_ = true;
  given_.clear();
  given_.swap(waiting_);
  piece = given_;
  guest_waits_ = piece.empty() && end_ == End::kNone;
  if (!piece.empty()) return BodyRead::kPiece;
  if (guest_waits_) return BodyRead::kWait;
  return end_ == End::kWhole ? BodyRead::kEnd : BodyRead::kAborted;
}

void RequestPipe::put(ByteView piece) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.append(piece);
  }
  resume_guest();
}

// What the guest was not given yet of a body that broke off is still good.
void RequestPipe::close(End end) {
  {
    const std::lock_guard lock(mutex_);
    if (end_ != End::kNone) return;
    end_ = end;
  }
  resume_guest();
}

bool RequestPipe::wants_more() {
  const std::lock_guard lock(mutex_);
  return asked_ && waiting_.empty() && end_ == End::kNone;
}

bool RequestPipe::can_resume() {
  const std::lock_guard lock(mutex_);
  return guest_waits_ && (!waiting_.empty() || end_ != End::kNone);
}

void RequestPipe::set_resume(std::function<void()> resume) {
  resume_ = std::move(resume);
  resume_guest();
}

void RequestPipe::resume_guest() {
  if (resume_ && can_resume()) resume_();
}

}  // namespace wasm_server

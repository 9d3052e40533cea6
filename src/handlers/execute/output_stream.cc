#include "handlers/execute/output_stream.h"

#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>

namespace wasm_server {
namespace {

// The guest is suspended beyond this, and goes on below half of it.
constexpr std::size_t kHighWater = 256U << 10;
// An answer that has not begun yet does not wait for more than this.
constexpr std::size_t kEnoughToStart = kHighWater / 2;

constexpr std::chrono::hours kLong{24};

}  // namespace

bool OutputStream::ready() {
  const std::lock_guard lock(mutex_);
  guest_waits_ = buffer_.size() >= kHighWater;
  return !guest_waits_;
}

void OutputStream::write(ByteView bytes) {
  bool is_enough = false;
  {
    const std::lock_guard lock(mutex_);
    buffer_.append(bytes);
    is_enough = buffer_.size() >= reader_waits_for_;
    if (is_enough) reader_waits_for_ = kNothing;
  }
  if (is_enough) wake();
}

void OutputStream::set_resume(std::function<void()> resume) {
  resume_ = std::move(resume);
  resume_guest();
}

// If it waits, there is room, and somebody knows how.
void OutputStream::resume_guest() {
  if (!resume_) return;
  {
    const std::lock_guard lock(mutex_);
    if (!guest_waits_ || buffer_.size() >= kHighWater) return;
    guest_waits_ = false;
  }
  resume_();
}

void OutputStream::finish(ExecutionResult result) {
  if (on_end_) on_end_(result);
  result_ = std::move(result);
  wake_now();
}

// From the guest's thread. The stream lives until finish() has run on the loop, which is posted
// after this.
void OutputStream::wake() {
  asio::post(timer_.get_executor(), [this] { wake_now(); });
}

void OutputStream::wake_now() {
  timer_.cancel();
  if (on_wake_) on_wake_();
}

// Whether there is less than that yet; then a write that makes it as much wakes the reader.
bool OutputStream::waits_for(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  const bool waits = buffer_.size() < bytes;
  reader_waits_for_ = waits ? bytes : kNothing;
  return waits;
}

Task<void> OutputStream::sleep(std::chrono::milliseconds time) {
  return sleep_until(std::chrono::steady_clock::now() + time);
}

Task<void> OutputStream::sleep_until(std::chrono::steady_clock::time_point time) {
  boost::system::error_code ignored;
  timer_.expires_at(time);
  auto token = asio::redirect_error(use_task, ignored);
  co_await timer_.async_wait(token);
}

Task<void> OutputStream::wait_for_start(std::chrono::milliseconds max_wait) {
  while (!result_ && waits_for(1)) co_await sleep(kLong);
  if (!result_ && waits_for(kEnoughToStart)) co_await sleep(max_wait);
}

bool OutputStream::has_room() {
  const std::lock_guard lock(mutex_);
  return buffer_.size() < kHighWater;
}

bool OutputStream::can_resume() {
  const std::lock_guard lock(mutex_);
  return guest_waits_ && buffer_.size() < kHighWater;
}

std::size_t OutputStream::buffered() {
  const std::lock_guard lock(mutex_);
  return buffer_.size();
}

void OutputStream::reuse(Bytes& bytes) {
  bytes.clear();
  const std::lock_guard lock(mutex_);
  if (buffer_.empty() && buffer_.capacity() < bytes.capacity()) buffer_.swap(bytes);
}

Bytes OutputStream::take_buffered() {
  Bytes taken;
  {
    const std::lock_guard lock(mutex_);
    taken.swap(buffer_);
    reader_waits_for_ = taken.empty() ? 1 : kNothing;
  }
  resume_guest();
  return taken;
}

Task<Bytes> OutputStream::take() {
  while (true) {
    auto taken = take_buffered();
    if (!taken.empty() || result_) co_return taken;
    co_await sleep(kLong);
  }
}

}  // namespace wasm_server

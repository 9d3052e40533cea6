#include "http/transport/input_buffer.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace wasm_server {
namespace {

constexpr std::size_t kFirstSize = 4U << 10;

}  // namespace

void InputBuffer::start_request() {
  start_ = cursor_;
  if (cursor_ == end_) start_ = cursor_ = end_ = 0;
}

void InputBuffer::drop_behind(std::size_t keep) {
  const std::size_t target = start_ + keep;
  if (target == cursor_) return;
  std::memmove(data_.get() + target, data_.get() + cursor_, end_ - cursor_);
  end_ -= cursor_ - target;
  cursor_ = target;
}

bool InputBuffer::make_room(std::size_t min, std::size_t limit) {
  if (capacity_ - end_ >= min) return true;
  const std::size_t held = end_ - start_;
  if (held + min > limit) return false;
  std::size_t capacity = std::max(capacity_, kFirstSize);
  while (capacity < held + min) capacity *= 2;
  capacity = std::max(std::min(capacity, limit), held + min);
  if (capacity > capacity_) {
    move_to(std::make_unique_for_overwrite<char[]>(capacity), capacity);
  } else {
    move_to(std::move(data_), capacity_);
  }
  return true;
}

void InputBuffer::move_to(std::unique_ptr<char[]> target, std::size_t capacity) {
  const char* source = data_ ? data_.get() : target.get();
  if (end_ > start_) std::memmove(target.get(), source + start_, end_ - start_);
  data_ = std::move(target);
  capacity_ = capacity;
  cursor_ -= start_;
  end_ -= start_;
  start_ = 0;
}

}  // namespace wasm_server

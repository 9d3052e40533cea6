#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace wasm_server {

// What a connection has received and not yet used: [start of the current request .. cursor .. end).
// The request's header stays where it is, because the request's views point into it, until
// `start_request` or a relocating call.
class InputBuffer {
 public:
  std::string_view pending() const { return {data_.get() + cursor_, end_ - cursor_}; }

  // The free space behind the end; may be empty.
  std::span<char> room() { return {data_.get() + end_, capacity_ - end_}; }
  void filled(std::size_t n) { end_ += n; }
  void consume(std::size_t n) { cursor_ += n; }

  // The bytes before the cursor are no longer needed.
  void start_request();
  std::size_t consumed() const { return cursor_ - start_; }

  // The bytes between the end of the header (`keep` bytes from the request's start) and the cursor
  // are no longer needed.
  void drop_behind(std::size_t keep);

  // Makes at least `min` bytes of room by moving everything to the front or growing up to `limit`;
  // false when that does not suffice. Relocates: offsets from `start()` stay right, pointers do
  // not.
  bool make_room(std::size_t min, std::size_t limit);
  const char* start() const { return data_.get() + start_; }

 private:
  void move_to(std::unique_ptr<char[]> target, std::size_t capacity);

  std::unique_ptr<char[]> data_;
  std::size_t capacity_ = 0;
  std::size_t start_ = 0;
  std::size_t cursor_ = 0;
  std::size_t end_ = 0;
};

}  // namespace wasm_server

#include "engine/wasi/wasi_state.h"

#include <sys/random.h>

#include <algorithm>

namespace wasm_server {

namespace {

// What one poll of a suspended guest may fill: well below a time slice.
constexpr std::size_t kRandomPerPoll = 128U << 10;

// Most guests write little, and this costs nothing then.
constexpr std::uint64_t kUncounted = 4U << 10;
constexpr std::uint64_t kFirstStep = 64U << 10;

std::size_t fill_random(std::span<char> destination) {
  const auto size = std::min(destination.size(), kRandomPerPoll);
  std::size_t done = 0;
  while (done < size) {
    const auto got = getrandom(destination.data() + done, size - done, 0);
    if (got > 0) done += static_cast<std::size_t>(got);
  }
  return done;
}

}  // namespace

std::string_view WasiState::read_stdin(std::size_t size) {
  const auto bytes = std::string_view(input_.stdin_bytes).substr(stdin_position_, size);
  stdin_position_ += bytes.size();
  return bytes;
}

bool WasiState::write(Stream stream, std::string_view bytes) {
  if (bytes.size() > output_left_) {
    output_refused = true;
    return false;
  }
  output_left_ -= bytes.size();
  if (stream == Stream::kOut && sink_ != nullptr) {
    sink_->write(bytes);
    return true;
  }
  if (!count_memory(stdout_bytes.size() + stderr_bytes.size() + bytes.size())) {
    output_refused = memory_refused = true;
    return false;
  }
  append(stream == Stream::kOut ? stdout_bytes : stderr_bytes, bytes);
  return true;
}

// A long one has room at once for all that it may become, of which nothing is touched before it is
// written: to grow by copies would take as much again for a while, which nobody counts.
void WasiState::append(Bytes& output, std::string_view bytes) const {
  constexpr std::size_t kLong = 1U << 20;
  const std::size_t size = output.size() + bytes.size();
  if (size > output.capacity() && size > kLong) output.reserve(size + output_left_);
  output.append(bytes);
}

// In steps like those in which the strings grow.
bool WasiState::count_memory(std::uint64_t bytes) {
  if (bytes <= kUncounted) return true;
  while (memory_.bytes() < bytes && memory_.budget() != nullptr) {
    if (!memory_.take(std::max(kFirstStep, memory_.bytes()))) return false;
  }
  return true;
}

void WasiState::renumber(std::uint32_t from, std::uint32_t to) {
  open_[to] = open_[from];
  if (from != to) open_[from].reset();
}

void WasiState::wait_until(Clock::time_point time) {
  wait_ = Wait::kTime;
  wake_at_ = time;
}

void WasiState::wait_for_output() {
  if (sink_ != nullptr) wait_ = Wait::kOutput;
}

void WasiState::wait_for_random(std::span<char> destination) {
  wait_ = Wait::kWork;
  random_left_ = destination;
}

bool WasiState::wait_is_over() {
  switch (wait_) {
    case Wait::kNone:
      return true;
    case Wait::kTime:
      if (Clock::now() < wake_at_) return false;
      break;
    case Wait::kOutput:
      if (!sink_->ready()) return false;
      break;
    case Wait::kWork:
      random_left_ = random_left_.subspan(fill_random(random_left_));
      if (!random_left_.empty()) return false;
      break;
  }
  wait_ = Wait::kNone;
  return true;
}

}  // namespace wasm_server

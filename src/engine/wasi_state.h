#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/call.h"

namespace wasm_server {

// What a WASI guest sees and leaves behind during one call. Used by whatever thread runs the call's
// slice, one at a time.
class WasiState {
 public:
  using Clock = std::chrono::steady_clock;

  // Why the guest is suspended by a host function. kNone: it is not; if it stopped, its slice was
  // used up.
  enum class Wait : std::uint8_t { kNone, kTime, kOutput, kWork };

  WasiState(WasiInput input, OutputSink* sink, std::uint64_t output_bytes)
      : input_(std::move(input)), sink_(sink), output_left_(output_bytes) {}

  const WasiInput& input() const { return input_; }

  bool is_open(std::uint32_t fd) const { return fd < open_.size() && open_[fd]; }
  void close(std::uint32_t fd) { open_[fd] = false; }

  // The next bytes of standard input, at most `size`.
  std::string_view read_stdin(std::size_t size);
  std::size_t stdin_left() const { return input_.stdin_bytes.size() - stdin_position_; }

  // Takes output of fd 1 or 2. False: the call's output limit is passed, and the guest must be
  // stopped.
  bool write(std::uint32_t fd, std::string_view bytes);

  // Suspends the guest until the time, until the sink has room, or for as long as `fill_random` has
  // work left.
  void wait_until(Clock::time_point time);
  void wait_for_output();
  void wait_for_random(std::span<char> destination);

  // Called when the suspended guest is polled: whether it may go on. Does the next piece of pending
  // work.
  bool wait_is_over();

  Wait wait() const { return wait_; }
  Clock::time_point wake_at() const { return wake_at_; }

  std::optional<std::int32_t> exit_code;  // set by proc_exit
  bool output_refused = false;
  Bytes stdout_bytes;
  Bytes stderr_bytes;

 private:
  WasiInput input_;
  OutputSink* const sink_;
  std::uint64_t output_left_;
  std::size_t stdin_position_ = 0;
  std::array<bool, 3> open_{true, true, true};
  Wait wait_ = Wait::kNone;
  Clock::time_point wake_at_{};
  std::span<char> random_left_;
};

}  // namespace wasm_server

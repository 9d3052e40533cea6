#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/memory_budget.h"
#include "engine/runnable/call_spec.h"

namespace wasm_server {

// The standard streams. A guest may give them other numbers (fd_renumber).
enum class Stream : std::uint8_t { kIn, kOut, kErr };

// What a WASI guest sees and leaves behind during one call. Used by whatever thread runs the call's
// slice, one at a time.
class WasiState {
 public:
  using Clock = std::chrono::steady_clock;

  // Why the guest is suspended by a host function. kNone: it is not; if it stopped, its slice was
  // used up.
  enum class Wait : std::uint8_t { kNone, kTime, kOutput, kWork };

  // `input` and `sink`, which may be null, outlive it. What is written and no sink takes is counted
  // in `memory`.
  WasiState(const WasiInput& input, OutputSink* sink, std::uint64_t output_bytes,
            MemoryShare memory)
      : input_(input), sink_(sink), output_left_(output_bytes), memory_(std::move(memory)) {}

  const WasiInput& input() const { return input_; }

  // The stream that has this number; empty when none has.
  std::optional<Stream> stream(std::uint32_t fd) const {
    return fd < open_.size() ? open_[fd] : std::nullopt;
  }
  // Of an open one.
  void close(std::uint32_t fd) { open_[fd].reset(); }
  // `to` becomes what `from` is, which is closed. Both are open.
  void renumber(std::uint32_t from, std::uint32_t to);

  // The next bytes of standard input, at most `size`.
  std::string_view read_stdin(std::size_t size);
  std::size_t stdin_left() const { return input_.stdin_bytes.size() - stdin_position_; }

  // Takes output of kOut or kErr. False: the call's output limit is passed, or the process has no
  // memory for it, and the guest must be stopped.
  bool write(Stream stream, std::string_view bytes);

  // Suspends the guest until the time, until the sink has room, or for as long as `fill_random` has
  // work left.
  void wait_until(Clock::time_point time);
  void wait_for_output();
  void wait_for_random(std::span<char> destination);

  // Called when the suspended guest is polled: whether it may go on. Does the next piece of pending
  // work.
  bool wait_is_over();

  MemoryShare take_output_memory() { return std::move(memory_); }

  Wait wait() const { return wait_; }
  Clock::time_point wake_at() const { return wake_at_; }

  std::optional<std::int32_t> exit_code;  // set by proc_exit
  bool output_refused = false;
  bool memory_refused = false;  // and so output_refused
  Bytes stdout_bytes;
  Bytes stderr_bytes;

 private:
  bool count_memory(std::uint64_t bytes);
  void append(Bytes& output, std::string_view bytes) const;

  const WasiInput& input_;
  OutputSink* const sink_;
  std::uint64_t output_left_;
  MemoryShare memory_;
  std::size_t stdin_position_ = 0;
  std::array<std::optional<Stream>, 3> open_{Stream::kIn, Stream::kOut, Stream::kErr};
  Wait wait_ = Wait::kNone;
  Clock::time_point wake_at_{};
  std::span<char> random_left_;
};

}  // namespace wasm_server

#pragma once

// Writes lines to a descriptor from a thread of its own, so that nobody who has something to say
// waits for who reads it.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace wasm_server {

// Safe from any thread.
class LineWriter {
 public:
  // What is written, line end included, once there is room again after `lost` lines had none.
  using Notice = std::function<std::string(std::uint64_t lost)>;

  // `descriptor` must outlive the process's use of it; it may be shared with other processes, so
  // its flags stay as they are. At most `max_bytes` wait to be written.
  LineWriter(int descriptor, std::size_t max_bytes, Notice notice);
  // As `finish`, but without waiting. A thread that the system holds in its write is left
  // behind.
  ~LineWriter();
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  // Takes a line, with its end, or counts it as lost when there is no room for it.
  void push(std::string_view line);

  // Waits until all that was pushed is written, at most so long. Whether it is.
  bool flush(std::chrono::milliseconds max_wait);

  // The same; what is pushed later, or was not written in time, is lost.
  bool finish(std::chrono::milliseconds max_wait);

 private:
  struct Shared;
  const std::shared_ptr<Shared> shared_;  // the thread has it too
};

// Writes what goes, and waits at most so long for a reader to make room for the rest. False when it
// did not get through.
bool write_within(int descriptor, std::string_view text, std::chrono::milliseconds max_wait);

}  // namespace wasm_server

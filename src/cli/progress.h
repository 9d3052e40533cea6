#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "cli/terminal.h"

namespace wasm_server::cli {

// Says on standard error how far a transfer is: a bar that redraws itself on a terminal, a few
// plain lines elsewhere, and those only for what takes a while.
class Progress {
 public:
  // What is said of it in plain lines.
  struct Words {
    const char* doing;
    const char* done;
  };
  static constexpr Words kSending{"sending", "sent"};
  static constexpr Words kFetching{"fetching", "fetched"};

  Progress(const Terminal& terminal, const std::string& what, std::uint64_t total,
           const Words& words = kSending);
  // Takes the bar away.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void sent(std::uint64_t bytes);  // so far
  // What is waited for after that, e.g. "compiling".
  void waits_for(const std::string& step);

 private:
  using Clock = std::chrono::steady_clock;

  void draw(const std::string& line);
  std::string bar(std::uint64_t bytes) const;

  const Terminal& terminal_;
  const std::string what_;
  const std::uint64_t total_;
  const Words words_;
  Clock::time_point drawn_at_{};
  std::uint64_t told_ = 0;  // quarters, in plain lines
  bool drawn_ = false;
};

// "59 B", "1.2 MB": decimal, three digits.
std::string size_text(std::uint64_t bytes);

}  // namespace wasm_server::cli

#include "cli/progress.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "cli/text/printable.h"

namespace wasm_server::cli {
namespace {

constexpr std::size_t kBarColumns = 24;
constexpr std::chrono::milliseconds kRedraw{50};
constexpr std::uint64_t kLong = 8U << 20;  // what is told about in lines
constexpr const char* kClearLine = "\r\x1b[K";

}  // namespace

Progress::Progress(const Terminal& terminal, const std::string& what, std::uint64_t total,
                   const Words& words)
    : terminal_(terminal), what_(printable(what)), total_(total), words_(words) {
  if (terminal_.errors_are_terminal()) {
    if (total_ > 0) draw(bar(0));
  } else if (total_ >= kLong) {
    terminal_.note(std::string(words_.doing) + " " + what_ + ", " + size_text(total_));
  }
}

Progress::~Progress() {
  if (drawn_) terminal_.write_error(kClearLine);
}

void Progress::sent(std::uint64_t bytes) {
  if (terminal_.errors_are_terminal()) {
    const auto now = Clock::now();
    if (now - drawn_at_ < kRedraw && bytes < total_) return;
    draw(bar(bytes));
    return;
  }
  if (total_ < kLong) return;
  const std::uint64_t quarter = std::min(bytes, total_) * 4 / total_;
  if (quarter <= told_) return;
  told_ = quarter;
  terminal_.note(std::string(words_.done) + " " + std::to_string(quarter * 25) + "% of " +
                 size_text(total_));
}

void Progress::waits_for(const std::string& step) {
  if (terminal_.errors_are_terminal()) draw(what_ + ": " + step + " ...");
}

void Progress::draw(const std::string& line) {
  drawn_at_ = Clock::now();
  drawn_ = true;
  terminal_.write_error(kClearLine + line);
}

std::string Progress::bar(std::uint64_t bytes) const {
  const std::uint64_t done = total_ == 0 ? 0 : std::min(bytes, total_) * kBarColumns / total_;
  std::string text = what_ + " [" + std::string(done, '#');
  text += std::string(kBarColumns - done, '.') + "] ";
  return text + size_text(std::min(bytes, total_)) + " of " + size_text(total_);
}

std::string size_text(std::uint64_t bytes) {
  constexpr std::array<const char*, 4> kUnits = {"kB", "MB", "GB", "TB"};
  if (bytes < 1000) return std::to_string(bytes) + " B";
  double value = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  for (; value >= 999.5 && unit + 1 < kUnits.size(); ++unit) value /= 1000;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(),
                value < 9.995   ? "%.2f"
                : value < 99.95 ? "%.1f"
                                : "%.0f",
                value);
  return std::string(text.data()) + " " + kUnits[unit];
}

}  // namespace wasm_server::cli

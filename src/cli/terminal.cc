#include "cli/terminal.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "cli/text/printable.h"

namespace wasm_server::cli {
namespace {

// no-color.org: when it is there and not empty.
bool wants_colours() {
  const char* const no = std::getenv("NO_COLOR");
  const char* const term = std::getenv("TERM");
  if (no != nullptr && *no != '\0') return false;
  return term != nullptr && std::string_view(term) != "dumb";
}

std::string_view code_of(Colour colour) {
  switch (colour) {
    case Colour::kRed:
      return "\x1b[31m";
    case Colour::kGreen:
      return "\x1b[32m";
    case Colour::kYellow:
      return "\x1b[33m";
    case Colour::kBold:
      return "\x1b[1m";
    case Colour::kNone:
      break;
  }
  return {};
}

std::string in_colour(std::string_view text, Colour colour) {
  return std::string(code_of(colour)) + std::string(text) + "\x1b[0m";
}

bool write_all(int stream, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(stream, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

Terminal::Terminal()
    : output_is_terminal_(::isatty(STDOUT_FILENO) == 1),
      errors_are_terminal_(::isatty(STDERR_FILENO) == 1),
      colours_(wants_colours()) {}

std::string Terminal::coloured(std::string_view text, Colour colour) const {
  if (!output_is_terminal_ || !colours_ || colour == Colour::kNone) return std::string(text);
  return in_colour(text, colour);
}

Outcome<void> Terminal::write(std::string_view bytes) const {
  if (write_all(STDOUT_FILENO, bytes)) return {};
  return failure(kLocalTrouble, "standard output: " + std::string(std::strerror(errno)));
}

void Terminal::write_error(std::string_view bytes) const { (void)write_all(STDERR_FILENO, bytes); }

void Terminal::complain(std::string_view message) const {
  const bool colour = errors_are_terminal_ && colours_;
  const std::string prefix = colour ? in_colour("wasm-server:", Colour::kRed) : "wasm-server:";
  write_error(prefix + " " + printable(message) + "\n");
}

void Terminal::note(std::string_view message) const { write_error(printable(message) + "\n"); }

}  // namespace wasm_server::cli

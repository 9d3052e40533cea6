#pragma once

// Where a command's answers and complaints go.

#include <string>
#include <string_view>

#include "cli/failure.h"

namespace wasm_server::cli {

enum class Colour { kNone, kRed, kGreen, kYellow, kBold };

// Standard output and standard error of the process. Used by one thread.
class Terminal {
 public:
  // Looks at the two descriptors, at NO_COLOR and TERM.
  Terminal();

  bool output_is_terminal() const { return output_is_terminal_; }
  bool errors_are_terminal() const { return errors_are_terminal_; }

  // `text` as it has to be written to standard output: in that colour on a terminal that has any.
  std::string coloured(std::string_view text, Colour colour) const;

  // Writes all of the bytes, as they are.
  Outcome<void> write(std::string_view bytes) const;
  // To standard error. Nobody is told when that fails.
  void write_error(std::string_view bytes) const;

  // The one line of a failure, escaped: `wasm-server: MESSAGE`.
  void complain(std::string_view message) const;
  // A line of progress for people, on standard error, escaped.
  void note(std::string_view message) const;

 private:
  const bool output_is_terminal_;
  const bool errors_are_terminal_;
  const bool colours_;
};

}  // namespace wasm_server::cli

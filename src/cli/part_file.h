#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/descriptor.h"
#include "cli/failure.h"

namespace wasm_server::cli {

// A file that comes to be over a long time, and perhaps several runs: FILE.part beside it, with
// mode 0600 and locked, until it is whole. Then it takes the place of FILE, at once and durably.
class PartFile {
 public:
  // Makes it, or opens what a former run left. kLocalTrouble when another process writes it.
  static Outcome<PartFile> open(const std::string& file);

  const std::string& name() const { return part_; }
  // Gives `take` what there is, piece by piece, until that returns false.
  Outcome<void> read(const std::function<bool(std::string_view)>& take);
  // Forgets all but the first `size` bytes; the next ones go behind them.
  Outcome<void> cut(std::uint64_t size);
  Outcome<void> write(std::string_view bytes);
  // Removes it: there is nothing in it.
  void discard();
  // It is whole.
  Outcome<void> keep();

 private:
  PartFile(std::string file, Descriptor descriptor)
      : file_(std::move(file)), part_(file_ + ".part"), descriptor_(std::move(descriptor)) {}
  std::unexpected<Failure> trouble() const;

  std::string file_;
  std::string part_;
  Descriptor descriptor_;
};

}  // namespace wasm_server::cli

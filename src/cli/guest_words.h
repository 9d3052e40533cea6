#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/guest_call.h"

namespace wasm_server::cli {

// The options and words that make an execution, as `run` and `bench` have them: options, the
// module, and behind it what is the guest's.
class GuestWords {
 public:
  // Adds the options, which write to this object; `app` must outlive it.
  void define(CLI::App& app);

  // After the parsing: the module's word. call() has all the rest then. A failure is kWrongRun.
  Outcome<std::string> read();

  GuestCall& call() { return call_; }
  const GuestCall& call() const { return call_; }

 private:
  Outcome<std::string> take_words();
  Outcome<void> read_options();
  std::string help_hint() const;

  const CLI::App* app_ = nullptr;
  GuestCall call_;
  std::string timeout_;
  std::vector<std::string> env_;
};

}  // namespace wasm_server::cli
